// The checks of VM entry on the control fields (SDM vol. 3, 27.2.1): each rule with a state that passes and
// one that fails. Catches a rule that is missing, out of place, asks of the wrong field or bit, or gives the
// wrong error.
#include "entry_state.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum Control;
using M = EntryMachine;
using Kind = Verdict::Kind;
using Error = arch::vmx::Error;

namespace {

constexpr u64 kBeyond = bit(kWidth);
void no_interrupt_delivery(M& m) { m.clear({VirtualInterruptDelivery, ProcessPostedInterrupts}); }
void threshold_counts(M& m, u32 threshold, u8 task_priority) {
  no_interrupt_delivery(m);
  m.set(VirtualizeApicAccesses, false);
  m[Field::TprThreshold] = threshold;
  m.poke<u8>(kApicPage + 0x80, task_priority);
}
void no_ept(M& m) {
  m.clear({EnableEpt, EnablePml});
  m[Field::VmFunctionControls] = 0;
  m.clear({ModeBasedExecute});
}

constexpr Row kExecution[] = {
    {"reserved bits in the pin-based controls", nothing, [](M& m) { m[Field::PinBasedControls] |= bit(8); }},
    {"reserved bits in the primary processor-based controls", nothing,
     [](M& m) { m[Field::PrimaryControls] &= ~bit(1); }},
    {"reserved bits in the secondary processor-based controls, if they are activated",
     [](M& m) {
       m[Field::SecondaryControls] |= bit(31);
       m.clear({ActivateSecondaryControls, UseTprShadow, ProcessPostedInterrupts});
       m[Field::VmcsLinkPointer] = arch::vmx::kNoVmcs;
     },
     [](M& m) { m[Field::SecondaryControls] |= bit(31); }},
    {"the CR3-target count is at most what IA32_VMX_MISC says", [](M& m) { m[Field::Cr3TargetCount] = 4; },
     [](M& m) { m[Field::Cr3TargetCount] = 5; }},
    {"\"use I/O bitmaps\": the addresses are those of pages", nothing,
     [](M& m) { m[Field::IoBitmapB] |= 1; }},
    {"\"use MSR bitmaps\": the address is that of a page", nothing,
     [](M& m) { m[Field::MsrBitmaps] |= 0x800; }},
    {"\"use TPR shadow\": the virtual-APIC address is that of a page", nothing,
     [](M& m) { m[Field::VirtualApicAddress] |= kBeyond; }},
    {"\"use TPR shadow\" without \"virtual-interrupt delivery\": bits 31:4 of the TPR threshold are 0",
     [](M& m) { no_interrupt_delivery(m), m[Field::TprThreshold] = 15; },
     [](M& m) { no_interrupt_delivery(m), m[Field::TprThreshold] = 16; }},
    {"\"use TPR shadow\" without \"virtualize APIC accesses\" and \"virtual-interrupt delivery\": the TPR "
     "threshold is at most VTPR's bits 7:4",
     [](M& m) { threshold_counts(m, 3, 0x30); }, [](M& m) { threshold_counts(m, 4, 0x3F); }},
    {"\"virtual NMIs\" needs \"NMI exiting\"",
     [](M& m) { m.clear({NmiExiting, VirtualNmis, NmiWindowExiting}); },
     [](M& m) { m.set(NmiExiting, false); }},
    {"\"NMI-window exiting\" needs \"virtual NMIs\"", [](M& m) { m.clear({VirtualNmis, NmiWindowExiting}); },
     [](M& m) { m.set(VirtualNmis, false); }},
    {"\"virtualize APIC accesses\": the APIC-access address is that of a page", nothing,
     [](M& m) { m[Field::ApicAccessAddress] |= 8; }},
    {"\"virtualize x2APIC mode\", \"APIC-register virtualization\" and \"virtual-interrupt delivery\" need "
     "\"use TPR shadow\"",
     [](M& m) { no_interrupt_delivery(m), m.clear({UseTprShadow, ApicRegisterVirtualization}); },
     [](M& m) { m.set(UseTprShadow, false); }},
    {"\"virtualize x2APIC mode\" excludes \"virtualize APIC accesses\"",
     [](M& m) { m.set(VirtualizeX2apicMode), m.set(VirtualizeApicAccesses, false); },
     [](M& m) { m.set(VirtualizeX2apicMode); }},
    {"\"virtual-interrupt delivery\" needs \"external-interrupt exiting\"",
     [](M& m) { no_interrupt_delivery(m), m.set(ExternalInterruptExiting, false); },
     [](M& m) { m.set(ExternalInterruptExiting, false); }},
    {"\"process posted interrupts\" needs \"virtual-interrupt delivery\"", no_interrupt_delivery,
     [](M& m) { m.set(VirtualInterruptDelivery, false); }},
    {"\"process posted interrupts\" needs \"acknowledge interrupt on exit\"",
     [](M& m) { m.clear({ProcessPostedInterrupts, AcknowledgeInterruptOnExit}); },
     [](M& m) { m.set(AcknowledgeInterruptOnExit, false); }},
    {"\"process posted interrupts\": bits 15:8 of the notification vector are 0",
     [](M& m) { m[Field::PostedInterruptVector] = 0xFF; },
     [](M& m) { m[Field::PostedInterruptVector] = 0x100; }},
    {"\"process posted interrupts\": bits 5:0 of the descriptor address are 0",
     [](M& m) { m[Field::PostedInterruptDescriptor] |= 0x40; },
     [](M& m) { m[Field::PostedInterruptDescriptor] |= 0x20; }},
    {"\"process posted interrupts\": the descriptor address is within the physical-address width",
     [](M& m) { m[Field::PostedInterruptDescriptor] |= kBeyond >> 1; },
     [](M& m) { m[Field::PostedInterruptDescriptor] |= kBeyond; }},
    {"\"enable VPID\": the VPID is not 0", [](M& m) { m[Field::Vpid] = 0xFFFF; },
     [](M& m) { m[Field::Vpid] = 0x1'0000; }},  // 16 bits of a field are the field
    {"\"enable EPT\": the EPTP's memory type is supported", [](M& m) { m[Field::Eptp] &= ~u64{7}; },
     [](M& m) { m[Field::Eptp] = (m[Field::Eptp] & ~u64{7}) | 4; }},
    {"\"enable EPT\": the EPTP's page-walk length is supported", nothing,
     [](M& m) { m[Field::Eptp] = (m[Field::Eptp] & ~u64{0x38}) | 2 << 3; }},
    {"\"enable EPT\": bit 6 of the EPTP is 0 where accessed and dirty flags are not supported",
     [](M& m) { m.cpu->vmx.ept_vpid &= ~bit(21), m[Field::Eptp] &= ~bit(6); },
     [](M& m) { m.cpu->vmx.ept_vpid &= ~bit(21); }},
    {"\"enable EPT\": reserved bits of the EPTP are 0", [](M& m) { m[Field::Eptp] |= kBeyond >> 1; },
     [](M& m) { m[Field::Eptp] |= bit(7); }},
    {"\"enable PML\" needs \"enable EPT\"", no_ept, [](M& m) { no_ept(m), m.set(EnablePml); }},
    {"\"enable PML\": the PML address is that of a page", nothing,
     [](M& m) { m[Field::PmlAddress] |= 0x10; }},
    {"\"unrestricted guest\" and \"mode-based execute control for EPT\" need \"enable EPT\"", no_ept,
     [](M& m) { no_ept(m), m.set(ModeBasedExecute); }},
    {"\"enable VM functions\": reserved bits in the VM-function controls are 0",
     [](M& m) { m[Field::VmFunctionControls] = bit(5), m.set(EnableVmFunctions, false); },
     [](M& m) { m[Field::VmFunctionControls] |= bit(63); }},
    {"\"EPTP switching\" needs \"enable EPT\"", no_ept,
     [](M& m) { no_ept(m), m[Field::VmFunctionControls] = 1; }},
    {"\"EPTP switching\": the EPTP-list address is that of a page",
     [](M& m) { m[Field::EptpListAddress] |= 1, m[Field::VmFunctionControls] = 0; },
     [](M& m) { m[Field::EptpListAddress] |= 1; }},
    {"\"VMCS shadowing\": the bitmaps' addresses are those of pages", nothing,
     [](M& m) { m[Field::VmwriteBitmap] |= 0x400; }},
    {"\"EPT-violation #VE\": the virtualization-exception information address is that of a page", nothing,
     [](M& m) { m[Field::VeInformationAddress] |= kBeyond; }},
    {"\"use TSC scaling\": the TSC multiplier is not 0", [](M& m) { m[Field::TscMultiplier] = 1; },
     [](M& m) { m[Field::TscMultiplier] = 0; }},
};

constexpr Edge kExecutionEdges[] = {
    {"pin-based: a default1 bit that is 0", [](M& m) { m[Field::PinBasedControls] &= ~bit(1); }, false},
    {"pin-based: a control that the processor lacks",
     [](M& m) { m.lacks(ActivatePreemptionTimer), m.set(SavePreemptionTimer, false); }, false},
    {"primary: reserved, no processor has it", [](M& m) { m[Field::PrimaryControls] |= bit(0); }, false},
    {"primary: CR3-load exiting 0, by the TRUE MSRs", [](M& m) { m.set(Cr3LoadExiting, false); }, true},
    {"primary: CR3-load exiting 0, without TRUE MSRs",
     [](M& m) { m.cpu->vmx.allowed0[1] |= arch::vmx::bit_of(Cr3LoadExiting), m.set(Cr3LoadExiting, false); },
     false},
    {"secondary: a control that the processor lacks", [](M& m) { m.lacks(UseTscScaling); }, false},
    {"secondary controls not activated: none counts (x2APIC mode needs a TPR shadow)",
     [](M& m) {
       m.set(VirtualizeX2apicMode);
       m.clear({ActivateSecondaryControls, UseTprShadow, ProcessPostedInterrupts});
       m[Field::VmcsLinkPointer] = arch::vmx::kNoVmcs;
     },
     true},
    {"CR3 targets: a processor that has more",
     [](M& m) { m.cpu->vmx.misc |= u64{16} << 16, m[Field::Cr3TargetCount] = 20; }, true},
    {"I/O bitmap A: alignment", [](M& m) { m[Field::IoBitmapA] |= 0x800; }, false},
    {"I/O bitmap A: width", [](M& m) { m[Field::IoBitmapA] |= bit(63); }, false},
    {"I/O bitmap B: the last page", [](M& m) { m[Field::IoBitmapB] = kBeyond - 0x1000; }, true},
    {"I/O bitmaps not in use", [](M& m) { m[Field::IoBitmapA] = 1, m.set(UseIoBitmaps, false); }, true},
    {"MSR bitmaps: width", [](M& m) { m[Field::MsrBitmaps] |= kBeyond; }, false},
    {"MSR bitmaps not in use", [](M& m) { m[Field::MsrBitmaps] = 1, m.set(UseMsrBitmaps, false); }, true},
    {"virtual-APIC address: alignment", [](M& m) { m[Field::VirtualApicAddress] |= 0x80; }, false},
    {"TPR threshold: no matter with virtual-interrupt delivery",
     [](M& m) { m[Field::TprThreshold] = 0xFFFF'FFFF; }, true},
    {"TPR threshold: VTPR is no matter with APIC accesses virtualized",
     [](M& m) { no_interrupt_delivery(m), m[Field::TprThreshold] = 9; }, true},
    {"TPR threshold: equal, with VTPR's low bits set", [](M& m) { threshold_counts(m, 15, 0xFF); }, true},
    {"TPR threshold: 0", [](M& m) { threshold_counts(m, 0, 0); }, true},
    {"TPR threshold: a virtual-APIC page that is not RAM reads as all ones",
     [](M& m) { threshold_counts(m, 15, 0), m[Field::VirtualApicAddress] = 0x5000'0000; }, true},
    {"APIC-access address: width", [](M& m) { m[Field::ApicAccessAddress] |= kBeyond; }, false},
    {"APIC accesses not virtualized: the address is no matter",
     [](M& m) { m[Field::ApicAccessAddress] = 1, m.set(VirtualizeApicAccesses, false); }, true},
    {"without TPR shadow: x2APIC mode alone",
     [](M& m) {
       no_interrupt_delivery(m), m.clear({UseTprShadow, ApicRegisterVirtualization, VirtualizeApicAccesses});
       m.set(VirtualizeX2apicMode);
     },
     false},
    {"without TPR shadow: APIC-register virtualization alone",
     [](M& m) { no_interrupt_delivery(m), m.set(UseTprShadow, false); }, false},
    {"without posted interrupts: vector and descriptor are no matter",
     [](M& m) {
       m.set(ProcessPostedInterrupts, false);
       m[Field::PostedInterruptVector] = 0xFFFF, m[Field::PostedInterruptDescriptor] = ~u64{0};
     },
     true},
    {"without VPIDs: 0", [](M& m) { m[Field::Vpid] = 0, m.set(EnableVpid, false); }, true},
    {"EPTP: uncacheable where not supported",
     [](M& m) { m[Field::Eptp] &= ~u64{7}, m.cpu->vmx.ept_vpid &= ~bit(8); }, false},
    {"EPTP: write-back where not supported", [](M& m) { m.cpu->vmx.ept_vpid &= ~bit(14); }, false},
    {"EPTP: 5 levels where not supported", [](M& m) { m[Field::Eptp] += 1 << 3; }, false},
    {"EPTP: 5 levels where supported", [](M& m) { m[Field::Eptp] += 1 << 3, m.cpu->vmx.ept_vpid |= bit(7); },
     true},
    {"EPTP: without accessed and dirty flags", [](M& m) { m[Field::Eptp] &= ~bit(6); }, true},
    {"EPTP: bit 11", [](M& m) { m[Field::Eptp] |= bit(11); }, false},
    {"EPTP: width", [](M& m) { m[Field::Eptp] |= kBeyond; }, false},
    {"EPTP: bit 63", [](M& m) { m[Field::Eptp] |= bit(63); }, false},
    {"without EPT: the EPTP is no matter", [](M& m) { no_ept(m), m[Field::Eptp] = ~u64{0}; }, true},
    {"PML address: width", [](M& m) { m[Field::PmlAddress] |= kBeyond; }, false},
    {"without PML: the address is no matter", [](M& m) { m[Field::PmlAddress] = 1, m.set(EnablePml, false); },
     true},
    {"unrestricted guest without EPT", [](M& m) { no_ept(m), m.set(UnrestrictedGuest); }, false},
    {"VM functions: EPTP switching where not supported", [](M& m) { m.cpu->vmx.vm_functions = 0; }, false},
    {"EPTP list: width", [](M& m) { m[Field::EptpListAddress] |= kBeyond; }, false},
    {"VMREAD bitmap: width", [](M& m) { m[Field::VmreadBitmap] |= kBeyond; }, false},
    {"VMREAD bitmap: alignment", [](M& m) { m[Field::VmreadBitmap] |= 1; }, false},
    {"without VMCS shadowing: the bitmaps are no matter",
     [](M& m) {
       m[Field::VmreadBitmap] = 1, m.set(VmcsShadowing, false);
       m[Field::VmcsLinkPointer] = arch::vmx::kNoVmcs;
     },
     true},
    {"#VE information: alignment", [](M& m) { m[Field::VeInformationAddress] |= 0x800; }, false},
    {"without #VE: its address is no matter",
     [](M& m) { m[Field::VeInformationAddress] = 1, m.set(EptViolationVe, false); }, true},
    {"without TSC scaling: the multiplier is no matter",
     [](M& m) { m[Field::TscMultiplier] = 0, m.set(UseTscScaling, false); }, true},
};

constexpr Row kExit[] = {
    {"reserved bits in the VM-exit controls", nothing, [](M& m) { m[Field::ExitControls] |= bit(26); }},
    {"\"save VMX-preemption timer value\" needs \"activate VMX-preemption timer\"",
     [](M& m) { m.clear({ActivatePreemptionTimer, SavePreemptionTimer}); },
     [](M& m) { m.set(ActivatePreemptionTimer, false); }},
    {"the VM-exit MSR-store address is a multiple of 16 within the physical-address width",
     [](M& m) { m[Field::ExitMsrStoreAddress] = 0x10; }, [](M& m) { m[Field::ExitMsrStoreAddress] = 8; }},
    {"the VM-exit MSR-store area ends within the physical-address width",
     [](M& m) { m[Field::ExitMsrStoreAddress] = kBeyond - 32; },
     [](M& m) { m[Field::ExitMsrStoreAddress] = kBeyond - 16; }},
    {"the VM-exit MSR-load address is a multiple of 16 within the physical-address width",
     [](M& m) { m[Field::ExitMsrLoadAddress] = 0x10; }, [](M& m) { m[Field::ExitMsrLoadAddress] = 8; }},
    {"the VM-exit MSR-load area ends within the physical-address width",
     [](M& m) { m[Field::ExitMsrLoadAddress] = kBeyond - 32; },
     [](M& m) { m[Field::ExitMsrLoadAddress] = kBeyond - 16; }},
};

constexpr Edge kExitEdges[] = {
    {"VM-exit controls: a default1 bit that is 0", [](M& m) { m[Field::ExitControls] &= ~bit(0); }, false},
    {"MSR store: width", [](M& m) { m[Field::ExitMsrStoreAddress] = kBeyond; }, false},
    {"MSR store: no entries, no address",
     [](M& m) { m[Field::ExitMsrStoreAddress] = ~u64{0}, m[Field::ExitMsrStoreCount] = 0; }, true},
    {"MSR store: an end that would wrap around 64 bits",
     [](M& m) { m[Field::ExitMsrStoreAddress] = ~u64{0} - 15; }, false},
    {"MSR store: as many entries as the width takes",
     [](M& m) { m[Field::ExitMsrStoreAddress] = 0x10, m[Field::ExitMsrStoreCount] = 0xFFFF'FFFF; }, true},
    {"MSR load: width", [](M& m) { m[Field::ExitMsrLoadAddress] = kBeyond; }, false},
    {"MSR load: no entries, no address",
     [](M& m) { m[Field::ExitMsrLoadAddress] = ~u64{0}, m[Field::ExitMsrLoadCount] = 0; }, true},
};

constexpr u32 kExternal = 0, kNmi = 2, kHardware = 3, kSoftware = 4, kPrivileged = 5, kSoftwareException = 6,
              kOther = 7;
constexpr u32 kError = 1u << 11;

constexpr Row kEntry[] = {
    {"reserved bits in the VM-entry controls", nothing, [](M& m) { m[Field::EntryControls] |= bit(24); }},
    {"event injection: the interruption type exists", [](M& m) { m.inject(kOther, 0); },
     [](M& m) { m.inject(1, 0x20); }},
    {"event injection: the vector fits the type", [](M& m) { m.inject(kNmi, 2); },
     [](M& m) { m.inject(kNmi, 3); }},
    {"event injection: an error code is delivered where the exception has one, and nowhere else",
     [](M& m) { m.inject(kHardware, 13, kError); }, [](M& m) { m.inject(kHardware, 13); }},
    {"event injection: reserved bits are 0", [](M& m) { m.inject(kHardware, 6); },
     [](M& m) { m.inject(kHardware, 6, 1u << 12); }},
    {"event injection: bits 31:16 of the error code are 0",
     [](M& m) { m.inject(kHardware, 14, kError), m[Field::EntryExceptionErrorCode] = 0xFFFF; },
     [](M& m) { m.inject(kHardware, 14, kError), m[Field::EntryExceptionErrorCode] = 0x1'0000; }},
    {"event injection: the instruction length of a software event is 1 to 15, or 0 where IA32_VMX_MISC "
     "says so",
     [](M& m) { m.inject(kSoftware, 0x80), m[Field::EntryInstructionLength] = 15; },
     [](M& m) { m.inject(kSoftware, 0x80), m[Field::EntryInstructionLength] = 16; }},
    {"the VM-entry MSR-load address is a multiple of 16 within the physical-address width",
     [](M& m) { m[Field::EntryMsrLoadAddress] = 0x10; }, [](M& m) { m[Field::EntryMsrLoadAddress] = 8; }},
    {"the VM-entry MSR-load area ends within the physical-address width",
     [](M& m) { m[Field::EntryMsrLoadAddress] = kBeyond - 32; },
     [](M& m) { m[Field::EntryMsrLoadAddress] = kBeyond - 16; }},
    {"outside SMM: \"entry to SMM\" is 0", nothing, [](M& m) { m.set(EntryToSmm); }},
    {"outside SMM: \"deactivate dual-monitor treatment\" is 0", nothing,
     [](M& m) { m.set(DeactivateDualMonitor); }},
    {"\"entry to SMM\" and \"deactivate dual-monitor treatment\" are not both 1", nothing,
     [](M& m) { m.set(EntryToSmm), m.set(DeactivateDualMonitor); }, true},
};

constexpr Edge kEntryEdges[] = {
    {"VM-entry controls: a default1 bit that is 0", [](M& m) { m[Field::EntryControls] &= ~bit(12); }, false},
    {"injection: not valid, not looked at", [](M& m) { m[Field::EntryInterruptionInfo] = 0x7FFF'F9FF; },
     true},
    {"injection: other event without \"monitor trap flag\"",
     [](M& m) {
       m.inject(kOther, 0), m.set(MonitorTrapFlag, false);
       m.lacks(MonitorTrapFlag);
     },
     false},
    {"injection: other event, any other vector", [](M& m) { m.inject(kOther, 1); }, false},
    {"injection: external interrupt, any vector", [](M& m) { m.inject(kExternal, 0xFF); }, true},
    {"injection: hardware exception 31", [](M& m) { m.inject(kHardware, 31); }, true},
    {"injection: hardware exception 32", [](M& m) { m.inject(kHardware, 32); }, false},
    {"injection: #DF has an error code", [](M& m) { m.inject(kHardware, 8, kError); }, true},
    {"injection: #TS has an error code", [](M& m) { m.inject(kHardware, 10, kError); }, true},
    {"injection: #NP has an error code", [](M& m) { m.inject(kHardware, 11, kError); }, true},
    {"injection: #SS has an error code", [](M& m) { m.inject(kHardware, 12, kError); }, true},
    {"injection: #AC has an error code", [](M& m) { m.inject(kHardware, 17, kError); }, true},
    {"injection: #UD has none", [](M& m) { m.inject(kHardware, 6, kError); }, false},
    {"injection: vector 9 has none", [](M& m) { m.inject(kHardware, 9, kError); }, false},
    {"injection: #MC has none", [](M& m) { m.inject(kHardware, 18, kError); }, false},
    {"injection: software interrupts have none",
     [](M& m) { m.inject(kSoftware, 13, kError), m[Field::EntryInstructionLength] = 2; }, false},
    {"injection: an unrestricted guest in real mode gets none",
     [](M& m) { m.real_guest(), m.inject(kHardware, 13, kError); }, false},
    {"injection: an unrestricted guest in real mode, without one",
     [](M& m) { m.real_guest(), m.inject(kHardware, 13); }, true},
    {"injection: an unrestricted guest in protected mode gets one",
     [](M& m) { m.set(UnrestrictedGuest), m.inject(kHardware, 13); }, false},
    {"injection: reserved bit 30", [](M& m) { m.inject(kExternal, 0x20, 1u << 30); }, false},
    {"injection: error code bit 31, not delivered",
     [](M& m) { m.inject(kHardware, 6), m[Field::EntryExceptionErrorCode] = bit(31); }, true},
    {"injection: length 0, allowed", [](M& m) { m.inject(kSoftwareException, 3); }, true},
    {"injection: length 0, not allowed",
     [](M& m) { m.inject(kSoftwareException, 3), m.cpu->vmx.misc &= ~bit(30); }, false},
    {"injection: length 1",
     [](M& m) {
       m.inject(kPrivileged, 1), m.cpu->vmx.misc &= ~bit(30), m[Field::EntryInstructionLength] = 1;
     },
     true},
    {"injection: privileged software exception, length 16",
     [](M& m) { m.inject(kPrivileged, 1), m[Field::EntryInstructionLength] = 16; }, false},
    {"injection: software exception, length 16",
     [](M& m) { m.inject(kSoftwareException, 4), m[Field::EntryInstructionLength] = 16; }, false},
    {"injection: the length is no matter for hardware exceptions",
     [](M& m) { m.inject(kHardware, 6), m[Field::EntryInstructionLength] = 99; }, true},
    {"MSR load: width", [](M& m) { m[Field::EntryMsrLoadAddress] = kBeyond; }, false},
    {"MSR load: no entries, no address",
     [](M& m) { m[Field::EntryMsrLoadAddress] = ~u64{0}, m[Field::EntryMsrLoadCount] = 0; }, true},
};

}  // namespace

TEST_CASE("27.2.1.1 VM-execution control fields") {
  try_section("27.2.1.1", vmx::execution_control_checks(), kExecution, Kind::FailValid, Error::EntryControls);
  try_edges(kExecutionEdges);
}

TEST_CASE("27.2.1.2 VM-exit control fields") {
  try_section("27.2.1.2", vmx::exit_control_checks(), kExit, Kind::FailValid, Error::EntryControls);
  try_edges(kExitEdges);
}

TEST_CASE("27.2.1.3 VM-entry control fields") {
  try_section("27.2.1.3", vmx::entry_control_checks(), kEntry, Kind::FailValid, Error::EntryControls);
  try_edges(kEntryEdges);
}

// Catches an error code that follows CR0.PE of a guest that is not an unrestricted one: processors say
// VMfailValid to a #GP without an error code before they come to CR0.
TEST_CASE("27.2.1.3 without unrestricted guest CR0.PE counts as 1") {
  EntryMachine m;
  m[Field::GuestCr0] &= ~(arch::cr0::kPe | arch::cr0::kPg);
  m.inject(kHardware, 13);
  CHECK(m.verdict().kind == Kind::FailValid);
  m.inject(kHardware, 13, kError);
  CHECK(m.verdict().kind == Kind::FailEntry);
}
