// Checks on the VM-execution control fields (SDM vol. 3, 27.2.1.1).
#include "sim/vmx/check_helpers.hpp"
#include "sim/vmx/eptp.hpp"

namespace hvlab::vmx {

namespace {

constexpr u64 kEptpSwitching = bit(0);  // of the VM-function controls

bool page_if(In e, Control c, Field f) { return !has(e, c) || page_address(e, e.vmcs[f]); }

/// Bits 7:4 of VTPR (30.1.1) on the virtual-APIC page.
u32 virtual_task_priority(In e) {
  constexpr u64 kVtpr = 0x80;
  return peek<u8>(e.cpu, e.vmcs[Field::VirtualApicAddress] + kVtpr) >> 4;
}
bool threshold_within_vtpr(In e) {
  if (!has(e, Control::UseTprShadow) || has(e, Control::VirtualizeApicAccesses) ||
      has(e, Control::VirtualInterruptDelivery))
    return true;
  return (field32(e, Field::TprThreshold) & 0xF) <= virtual_task_priority(e);
}

/// An EPTP in use passes `check`.
bool eptp_passes(In e, bool (*check)(const cpu::Cpu&, u64)) {
  return !has(e, Control::EnableEpt) || check(e.cpu, e.vmcs[Field::Eptp]);
}

bool vm_function(In e, u64 which) {
  return has(e, Control::EnableVmFunctions) && (e.vmcs[Field::VmFunctionControls] & which) != 0;
}

using enum Control;

// Not in the list, because their controls are not there: tertiary controls, sub-page permissions, Intel PT
// with guest-physical addresses. Bytes 3:1 of VTPR, which the manual lets a processor clear on the way, are
// left alone.
constexpr Check kChecks[] = {
    {"reserved bits in the pin-based controls",
     [](In e) { return word_allowed(e, Word::PinBased, Field::PinBasedControls); }},
    {"reserved bits in the primary processor-based controls",
     [](In e) { return word_allowed(e, Word::Primary, Field::PrimaryControls); }},
    {"reserved bits in the secondary processor-based controls, if they are activated",
     [](In e) {
       return !has(e, ActivateSecondaryControls) ||
              word_allowed(e, Word::Secondary, Field::SecondaryControls);
     }},
    {"the CR3-target count is at most what IA32_VMX_MISC says",
     [](In e) { return field32(e, Field::Cr3TargetCount) <= e.cpu.vmx.cr3_targets(); }},
    {"\"use I/O bitmaps\": the addresses are those of pages",
     [](In e) {
       return page_if(e, UseIoBitmaps, Field::IoBitmapA) && page_if(e, UseIoBitmaps, Field::IoBitmapB);
     }},
    {"\"use MSR bitmaps\": the address is that of a page",
     [](In e) { return page_if(e, UseMsrBitmaps, Field::MsrBitmaps); }},
    {"\"use TPR shadow\": the virtual-APIC address is that of a page",
     [](In e) { return page_if(e, UseTprShadow, Field::VirtualApicAddress); }},
    {"\"use TPR shadow\" without \"virtual-interrupt delivery\": bits 31:4 of the TPR threshold are 0",
     [](In e) {
       return !has(e, UseTprShadow) || has(e, VirtualInterruptDelivery) ||
              (field32(e, Field::TprThreshold) >> 4) == 0;
     }},
    {"\"use TPR shadow\" without \"virtualize APIC accesses\" and \"virtual-interrupt delivery\": the TPR "
     "threshold is at most VTPR's bits 7:4",
     threshold_within_vtpr, entry_failure::kOther, true},
    {"\"virtual NMIs\" needs \"NMI exiting\"",
     [](In e) { return has(e, NmiExiting) || !has(e, VirtualNmis); }},
    {"\"NMI-window exiting\" needs \"virtual NMIs\"",
     [](In e) { return has(e, VirtualNmis) || !has(e, NmiWindowExiting); }},
    {"\"virtualize APIC accesses\": the APIC-access address is that of a page",
     [](In e) { return page_if(e, VirtualizeApicAccesses, Field::ApicAccessAddress); }},
    {"\"virtualize x2APIC mode\", \"APIC-register virtualization\" and \"virtual-interrupt delivery\" need "
     "\"use TPR shadow\"",
     [](In e) {
       return has(e, UseTprShadow) || (!has(e, VirtualizeX2apicMode) && !has(e, ApicRegisterVirtualization) &&
                                       !has(e, VirtualInterruptDelivery));
     }},
    {"\"virtualize x2APIC mode\" excludes \"virtualize APIC accesses\"",
     [](In e) { return !has(e, VirtualizeX2apicMode) || !has(e, VirtualizeApicAccesses); }},
    {"\"virtual-interrupt delivery\" needs \"external-interrupt exiting\"",
     [](In e) { return !has(e, VirtualInterruptDelivery) || has(e, ExternalInterruptExiting); }},
    {"\"process posted interrupts\" needs \"virtual-interrupt delivery\"",
     [](In e) { return !has(e, ProcessPostedInterrupts) || has(e, VirtualInterruptDelivery); }},
    {"\"process posted interrupts\" needs \"acknowledge interrupt on exit\"",
     [](In e) { return !has(e, ProcessPostedInterrupts) || has(e, AcknowledgeInterruptOnExit); }},
    {"\"process posted interrupts\": bits 15:8 of the notification vector are 0",
     [](In e) {
       return !has(e, ProcessPostedInterrupts) || (field16(e, Field::PostedInterruptVector) >> 8) == 0;
     }},
    {"\"process posted interrupts\": bits 5:0 of the descriptor address are 0",
     [](In e) {
       return !has(e, ProcessPostedInterrupts) || (e.vmcs[Field::PostedInterruptDescriptor] & 0x3F) == 0;
     }},
    {"\"process posted interrupts\": the descriptor address is within the physical-address width",
     [](In e) {
       return !has(e, ProcessPostedInterrupts) || !beyond(e, e.vmcs[Field::PostedInterruptDescriptor]);
     }},
    {"\"enable VPID\": the VPID is not 0",
     [](In e) { return !has(e, EnableVpid) || field16(e, Field::Vpid) != 0; }},
    {"\"enable EPT\": the EPTP's memory type is supported",
     [](In e) { return eptp_passes(e, eptp::memory_type_supported); }},
    {"\"enable EPT\": the EPTP's page-walk length is supported",
     [](In e) { return eptp_passes(e, eptp::levels_supported); }},
    {"\"enable EPT\": bit 6 of the EPTP is 0 where accessed and dirty flags are not supported",
     [](In e) { return eptp_passes(e, eptp::flags_supported); }},
    {"\"enable EPT\": reserved bits of the EPTP are 0",
     [](In e) { return eptp_passes(e, eptp::reserved_clear); }},
    {"\"enable PML\" needs \"enable EPT\"", [](In e) { return !has(e, EnablePml) || has(e, EnableEpt); }},
    {"\"enable PML\": the PML address is that of a page",
     [](In e) { return page_if(e, EnablePml, Field::PmlAddress); }},
    {"\"unrestricted guest\" and \"mode-based execute control for EPT\" need \"enable EPT\"",
     [](In e) { return has(e, EnableEpt) || (!has(e, UnrestrictedGuest) && !has(e, ModeBasedExecute)); }},
    {"\"enable VM functions\": reserved bits in the VM-function controls are 0",
     [](In e) { return !vm_function(e, ~e.cpu.vmx.vm_functions); }},
    {"\"EPTP switching\" needs \"enable EPT\"",
     [](In e) { return !vm_function(e, kEptpSwitching) || has(e, EnableEpt); }},
    {"\"EPTP switching\": the EPTP-list address is that of a page",
     [](In e) { return !vm_function(e, kEptpSwitching) || page_address(e, e.vmcs[Field::EptpListAddress]); }},
    {"\"VMCS shadowing\": the bitmaps' addresses are those of pages",
     [](In e) {
       return page_if(e, VmcsShadowing, Field::VmreadBitmap) &&
              page_if(e, VmcsShadowing, Field::VmwriteBitmap);
     }},
    {"\"EPT-violation #VE\": the virtualization-exception information address is that of a page",
     [](In e) { return page_if(e, EptViolationVe, Field::VeInformationAddress); }},
    {"\"use TSC scaling\": the TSC multiplier is not 0",
     [](In e) { return !has(e, UseTscScaling) || e.vmcs[Field::TscMultiplier] != 0; }},
};

}  // namespace

std::span<const Check> execution_control_checks() { return kChecks; }
bool execution_controls_hold(In e) { return all_hold<kChecks>(e); }
bool execution_controls_of_memory_hold(In e) { return all_of_memory_hold<kChecks>(e); }

}  // namespace hvlab::vmx
