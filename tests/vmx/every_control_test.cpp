// Every control that HVLab knows (sim/arch/vmx_controls.inc), set and clear (SDM vol. 3, 25.6 to 25.8): what
// a guest or its hypervisor sees of it. A control without a case fails the first test.
#include <algorithm>
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "one_vector.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum arch::vmx::Control;
using arch::vmx::kShadowIndicator;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

constexpr u64 kHlt = 12, kPage = 0x7'D000, kBadEntry = bit(31) | 33;

struct Subject : GuestMachine {
  OneVector apic{cpu()};

  u64& gpr(unsigned n) { return cpu().gpr[n]; }
  void interrupt() {
    cpu().interrupt_line = true;
    (*this)[Field::GuestRflags] |= arch::flag::kIf;
  }
  /// A guest with a virtual-APIC page and the APIC-access page kPage.
  void virtual_apic() {
    for (const Control c : {UseTprShadow, VirtualizeApicAccesses, UseMsrBitmaps}) set(c);
    (*this)[Field::ApicAccessAddress] = kPage;
    for (u64 at = 0; at < 4096; at += 8) poke<u64>(kVirtualApic + at, 0), poke<u64>(kPage + at, 0);
  }
  /// ... with virtual-interrupt delivery.
  void delivery() {
    virtual_apic();
    for (const Control c : {VirtualInterruptDelivery, ExternalInterruptExiting, AcknowledgeInterruptOnExit})
      set(c);
    (*this)[Field::GuestInterruptStatus] = 0;
  }
};

using Prepare = void (*)(Subject&);
using Observe = u64 (*)(Subject&);

/// What is seen with the control set, and clear. `prepare` comes before the control is set or cleared.
struct Case {
  Control control;
  u64 set, clear;
  Prepare prepare;
  Observe observe;
};

void nothing(Subject&) {}
/// MOV EAX, [kPage + low].
u64 read_apic(Subject& m, u8 low) { return m.enter({0xA1, low, 0xD0, 0x07, 0, 0, 0, 0, 0}); }

const Case kCases[] = {
    // Pin-based (table 25-5).
    {ExternalInterruptExiting, 1, kHlt, [](Subject& m) { m.interrupt(); },
     [](Subject& m) { return m.enter({0x90}); }},
    {NmiExiting, 0, kHlt, [](Subject& m) { m.cpu().nmi_pending = m.cpu().nmi_blocked = true; },
     [](Subject& m) { return m.enter({0x90}); }},
    // What blocks NMIs is the guest's own then, and holds none off that exit.
    {VirtualNmis, 0, kHlt,
     [](Subject& m) {
       m.set(NmiExiting);
       m.cpu().nmi_pending = m.cpu().nmi_blocked = true;
       m[Field::GuestInterruptibility] = 8;
     },
     [](Subject& m) { return m.enter({0x90}); }},
    {ActivatePreemptionTimer, 52, kHlt, nothing, [](Subject& m) { return m.enter({0x90}); }},
    {ProcessPostedInterrupts, kHlt, 1,
     [](Subject& m) {
       m.delivery();
       m[Field::PostedInterruptVector] = 0x61;
       m[Field::PostedInterruptDescriptor] = 0x7'E000;
       m.interrupt();
     },
     [](Subject& m) { return m.enter({0x90}); }},
    // Primary processor-based (table 25-6).
    {InterruptWindowExiting, 7, kHlt, [](Subject& m) { m[Field::GuestRflags] |= arch::flag::kIf; },
     [](Subject& m) { return m.enter({0x90}); }},
    {UseTscOffsetting, 1, 0, [](Subject& m) { m[Field::TscOffset] = bit(40); },
     [](Subject& m) {
       CHECK(m.enter({0x0F, 0x31}) == kHlt);
       return m.gpr(arch::kRdx) >> 8;
     }},
    {HltExiting, kHlt, GuestMachine::kNoExit, nothing, [](Subject& m) { return m.enter({0x90}, 1000); }},
    {InvlpgExiting, 14, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0x01, 0x3C, 0x24}); }},
    {MwaitExiting, 36, kHlt, nothing,
     [](Subject& m) {
       m.gpr(arch::kRcx) = 0;
       return m.enter({0x0F, 0x01, 0xC9});
     }},
    {RdpmcExiting, 15, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0x33}); }},
    {RdtscExiting, 16, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0x31}); }},
    {Cr3LoadExiting, 28, kHlt, nothing,
     [](Subject& m) { return m.enter({0xB8, 0x00, 0x00, 0x04, 0x00, 0x0F, 0x22, 0xD8}); }},
    {Cr3StoreExiting, 28, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0x20, 0xD8}); }},
    {Cr8LoadExiting, 28, kHlt, nothing,
     [](Subject& m) { return m.enter({0x31, 0xC0, 0x44, 0x0F, 0x22, 0xC0}); }},
    {Cr8StoreExiting, 28, kHlt, nothing, [](Subject& m) { return m.enter({0x44, 0x0F, 0x20, 0xC0}); }},
    {UseTprShadow, 5, 0, [](Subject& m) { m.poke<u32>(kVirtualApic + 0x80, 0x50); },
     [](Subject& m) {
       CHECK(m.enter({0x44, 0x0F, 0x20, 0xC0}) == kHlt);  // MOV RAX, CR8
       return m.gpr(arch::kRax);
     }},
    {NmiWindowExiting, 8, kHlt,
     [](Subject& m) {
       m.set(NmiExiting);
       m.set(VirtualNmis);
     },
     [](Subject& m) { return m.enter({0x90}); }},
    {MovDrExiting, 29, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0x21, 0xF8}); }},
    {UnconditionalIoExiting, 30, kHlt, nothing, [](Subject& m) { return m.enter({0xE4, 0x80}); }},
    {UseIoBitmaps, kHlt, 30, [](Subject& m) { m.set(UnconditionalIoExiting); },
     [](Subject& m) { return m.enter({0xE4, 0x80}); }},
    {MonitorTrapFlag, 37, kHlt, nothing, [](Subject& m) { return m.enter({0x90}); }},
    {UseMsrBitmaps, kHlt, 31, nothing,
     [](Subject& m) {
       m.gpr(arch::kRcx) = 0xC000'0080;
       return m.enter({0x0F, 0x32});
     }},
    {MonitorExiting, 39, kHlt, nothing,
     [](Subject& m) {
       m.gpr(arch::kRcx) = 0, m.gpr(arch::kRax) = kData;
       return m.enter({0x0F, 0x01, 0xC8});
     }},
    {PauseExiting, 40, kHlt, nothing, [](Subject& m) { return m.enter({0xF3, 0x90}); }},
    {ActivateSecondaryControls, 54, kHlt, [](Subject& m) { m.set(WbinvdExiting); },
     [](Subject& m) { return m.enter({0x0F, 0x09}); }},
    // Secondary processor-based (table 25-7).
    {VirtualizeApicAccesses, 44, kHlt,
     [](Subject& m) {
       m.virtual_apic();
       m.clear(UseTprShadow);
     },
     [](Subject& m) { return read_apic(m, 0x20); }},
    {EnableEpt, 48, kHlt,
     [](Subject& m) {
       m.ept();
       m.poke<u64>(m.ept_pte(kGuestCode), 0);
     },
     [](Subject& m) { return m.enter({0x90}); }},
    {DescriptorTableExiting, 47, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0x00, 0xC0}); }},
    {EnableRdtscp, ~u64{0}, 6, nothing,
     [](Subject& m) {
       CHECK(m.enter({0x0F, 0x01, 0xF9}) == kHlt);
       return static_cast<u64>(static_cast<i64>(m.handler()));
     }},
    // The task priority as an MSR; there is no x2APIC besides.
    {VirtualizeX2apicMode, ~u64{0}, 13,
     [](Subject& m) {
       m.virtual_apic();
       m.clear(VirtualizeApicAccesses);
     },
     [](Subject& m) {
       m.gpr(arch::kRcx) = 0x808;
       CHECK(m.enter({0x0F, 0x32}) == kHlt);
       return static_cast<u64>(static_cast<i64>(m.handler()));
     }},
    // Translations of before stay, though the tables lead elsewhere by now.
    {EnableVpid, 0x1111, 0x2222,
     [](Subject& m) {
       m[Field::Vpid] = 1;
       m.poke<u64>(kData, 0x1111);
       m.poke<u64>(kData + 4096, 0x2222);
     },
     [](Subject& m) {
       const std::initializer_list<u8> load{0xA1, 0x00, 0x00, 0x30, 0, 0, 0, 0, 0};  // MOV EAX, [kData]
       CHECK(m.enter(load) == kHlt);
       CHECK(m.gpr(arch::kRax) == 0x1111);
       m.poke<u64>(m.pte_address(kData), (kData + 4096) | 0x67);
       CHECK(m.again(load) == kHlt);
       return m.gpr(arch::kRax);
     }},
    {WbinvdExiting, 54, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0x09}); }},
    {UnrestrictedGuest, kHlt, kBadEntry, [](Subject& m) { m.guest_protected(); },
     [](Subject& m) { return m.enter({0x90}); }},
    {ApicRegisterVirtualization, kHlt, 44, [](Subject& m) { m.virtual_apic(); },
     [](Subject& m) { return read_apic(m, 0x20); }},
    {VirtualInterruptDelivery, kHlt, 44, [](Subject& m) { m.delivery(); },
     [](Subject& m) { return m.enter({0xA3, 0xB0, 0xD0, 0x07, 0, 0, 0, 0, 0}); }},  // EOI
    {PauseLoopExiting, 40, kHlt,
     [](Subject& m) {
       m[Field::PleGap] = 1000;
       m[Field::PleWindow] = 1;
     },
     [](Subject& m) { return m.enter({0xF3, 0x90, 0x90, 0x90, 0xF3, 0x90}); }},
    {RdrandExiting, 57, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0xC7, 0xF0}); }},
    {EnableInvpcid, ~u64{0}, 6, nothing,
     [](Subject& m) {
       m.gpr(arch::kRax) = 3, m.gpr(arch::kRdi) = kData;
       m.poke<u64>(kData, 0), m.poke<u64>(kData + 8, 0);
       CHECK(m.enter({0x66, 0x0F, 0x38, 0x82, 0x07}) == kHlt);
       return static_cast<u64>(static_cast<i64>(m.handler()));
     }},
    {EnableVmFunctions, 59, kHlt, nothing,  // no function is enabled: an exit; else #UD
     [](Subject& m) {
       m.gpr(arch::kRax) = 0;
       return m.enter({0x0F, 0x01, 0xD4});
     }},
    {VmcsShadowing, kHlt, 23,
     [](Subject& m) {
       m[Field::VmreadBitmap] = 0x5'9000, m[Field::VmwriteBitmap] = 0x5'A000;
       m[Field::VmcsLinkPointer] = kOtherVmcs;
     },
     [](Subject& m) {
       // Without the control the link pointer names no shadow VMCS.
       if ((m[Field::SecondaryControls] & arch::vmx::bit_of(VmcsShadowing)) != 0)
         m.vmcs(kOtherVmcs).revision |= kShadowIndicator;
       m.gpr(arch::kRax) = 0x681E;
       return m.enter({0x0F, 0x78, 0xC3});
     }},
    {RdseedExiting, 61, kHlt, nothing, [](Subject& m) { return m.enter({0x0F, 0xC7, 0xF8}); }},
    {EnablePml, 1, 0,
     [](Subject& m) {
       m.ept();
       m[Field::Eptp] |= 0x40;
       m[Field::PmlIndex] = 511;
     },
     [](Subject& m) -> u64 {
       CHECK(m.enter({0xA3, 0x00, 0x00, 0x30, 0, 0, 0, 0, 0}) == kHlt);
       return m[Field::PmlIndex] != 511;
     }},
    {EptViolationVe, 20, ~u64{0},
     [](Subject& m) {
       m.ept();
       m.poke<u64>(m.ept_pte(kData), 0);
       m.poke<u64>(kInfoArea, 0);
     },
     [](Subject& m) {
       m.enter({0xA1, 0x00, 0x00, 0x30, 0, 0, 0, 0, 0});
       return static_cast<u64>(static_cast<i64>(m.handler()));
     }},
    // The guest's pages are the user's: fetches need the bit of their own, which is clear.
    {EnableXsaves, ~u64{0}, 6, nothing,  // #UD without
     [](Subject& m) {
       m[Field::GuestCr4] |= cr4::kOsxsave;
       m.gpr(arch::kRax) = m.gpr(arch::kRdx) = 0;
       m.gpr(arch::kRdi) = kData;
       CHECK(m.enter({0x0F, 0xC7, 0x2F}) == kHlt);  // XSAVES [RDI]
       return static_cast<u64>(static_cast<i64>(m.handler()));
     }},
    {ModeBasedExecute, 48, kHlt, [](Subject& m) { m.ept(); }, [](Subject& m) { return m.enter({0x90}); }},
    {UseTscScaling, 2, 1,
     [](Subject& m) {
       m.set(UseTscOffsetting);
       m[Field::TscMultiplier] = u64{2} << 48;
       m.cpu().tsc_offset = bit(40);
     },
     [](Subject& m) {
       CHECK(m.enter({0x0F, 0x31}) == kHlt);
       return m.gpr(arch::kRdx) >> 8;
     }},
    // VM exit (table 25-13).
    {ExitSaveDebugControls, 0x401, 0x400, [](Subject& m) { m.set(EntryLoadDebugControls); },
     [](Subject& m) {
       CHECK(m.enter({0xB8, 0x01, 0x04, 0x00, 0x00, 0x0F, 0x23, 0xF8}) == kHlt);  // MOV DR7, RAX
       return m[Field::GuestDr7];
     }},
    {HostAddressSpaceSize, kHlt, GuestMachine::kNoExit, nothing,  // a 64-bit host must say so (27.2.4)
     [](Subject& m) { return m.enter({0x90}); }},
    {AcknowledgeInterruptOnExit, event_word(0, 0x61), 0,
     [](Subject& m) {
       m.set(ExternalInterruptExiting);
       m.interrupt();
     },
     [](Subject& m) {
       CHECK(m.enter({0x90}) == 1);
       return m[Field::ExitInterruptionInfo];
     }},
    {ExitSavePat, 0x0606'0606'0606'0606, 0x0007'0406'0007'0406,
     [](Subject& m) {
       m[Field::GuestPat] = 0x0007'0406'0007'0406;
       m.cpu().pat = 0x0606'0606'0606'0606;
     },
     [](Subject& m) {
       CHECK(m.enter({0x90}) == kHlt);
       return m[Field::GuestPat];
     }},
    {ExitLoadPat, 0x0505'0505'0505'0505, 0x0606'0606'0606'0606,
     [](Subject& m) {
       m[Field::HostPat] = 0x0505'0505'0505'0505;
       m.cpu().pat = 0x0606'0606'0606'0606;
     },
     [](Subject& m) {
       CHECK(m.enter({0x90}) == kHlt);
       return m.cpu().pat;
     }},
    {ExitSaveEfer, efer::kSce | efer::kNxe | efer::kLma | efer::kLme, 0x1,
     [](Subject& m) { m[Field::GuestEfer] = 0x1; },
     [](Subject& m) {
       CHECK(m.enter({0x90}) == kHlt);
       return m[Field::GuestEfer];
     }},
    {ExitLoadEfer, 0, efer::kNxe, [](Subject& m) { m[Field::HostEfer] = efer::kLma | efer::kLme; },
     [](Subject& m) {
       CHECK(m.enter({0x90}) == kHlt);
       return m.cpu().efer & efer::kNxe;
     }},
    {SavePreemptionTimer, 1, 0,
     [](Subject& m) {
       m.set(ActivatePreemptionTimer);
       m[Field::PreemptionTimer] = 1000;
     },
     [](Subject& m) -> u64 {
       CHECK(m.enter({0xB9, 100, 0, 0, 0, 0xE2, 0xFE}) == kHlt);  // MOV ECX, 100; LOOP
       return m[Field::PreemptionTimer] < 1000;
     }},
    // VM entry (table 25-15).
    {EntryLoadDebugControls, 0x401, 0x400, [](Subject& m) { m[Field::GuestDr7] = 0x401; },
     [](Subject& m) {
       CHECK(m.enter({0x0F, 0x21, 0xF8}) == kHlt);  // MOV RAX, DR7
       return m.gpr(arch::kRax);
     }},
    {Ia32eModeGuest, kHlt, kBadEntry, nothing,  // PAE paging: the 64-bit guest's tables are no PDPTEs
     [](Subject& m) { return m.enter({0x90}); }},
    {EntryLoadPat, 0x0404'0404'0404'0404, 0x0606'0606'0606'0606,
     [](Subject& m) {
       m[Field::GuestPat] = 0x0404'0404'0404'0404;
       m.cpu().pat = 0x0606'0606'0606'0606;
     },
     [](Subject& m) {
       CHECK(m.enter({0x90}) == kHlt);
       return m.cpu().pat;
     }},
    {EntryLoadEfer, 0, efer::kNxe, [](Subject& m) { m[Field::GuestEfer] = efer::kLma | efer::kLme; },
     [](Subject& m) {
       CHECK(m.enter({0x90}) == kHlt);
       return m.cpu().efer & efer::kNxe;
     }},
};

}  // namespace

// Catches a control that is added to the table and that nobody tries.
TEST_CASE("there is a case for every control, in the table's order") {
  const Case* next = std::begin(kCases);
  for (size_t n = 0; n < arch::vmx::kControls; ++n) {
    const auto control = static_cast<Control>(n);
    INFO(arch::vmx::kControlRows[n].name);
    if (vmx_control_absent(control)) continue;
    REQUIRE(next != std::end(kCases));
    REQUIRE(next->control == control);
    CHECK(next->set != next->clear);
    ++next;
  }
  CHECK(next == std::end(kCases));
}

// Catches a control that does nothing, or what it does without being set.
TEST_CASE("every control, set and clear") {
  for (const Case& c : kCases) {
    for (const bool on : {true, false}) {
      INFO(arch::vmx::kControlRows[static_cast<size_t>(c.control)].name << (on ? ": set" : ": clear"));
      Subject m;
      c.prepare(m);
      m.set(c.control, on);
      CHECK(c.observe(m) == (on ? c.set : c.clear));
    }
  }
}

// Catches a control of something that is not there, and that VM entry lets through all the same (27.2.1).
TEST_CASE("a control that the processor has not may not be set") {
  for (size_t n = 0; n < arch::vmx::kControls; ++n) {
    const auto control = static_cast<Control>(n);
    if (!vmx_control_absent(control)) continue;
    INFO(arch::vmx::kControlRows[n].name);
    Subject m;
    m.set(control);
    CHECK(m.enter({0x90}) == GuestMachine::kNoExit);
    CHECK(m[Field::InstructionError] == 7);
  }
}
