// The checks of VM entry on the guest's registers, descriptor tables, RIP and RFLAGS (SDM vol. 3, 27.3.1.1,
// 27.3.1.3, 27.3.1.4): each rule with a state that passes and one that fails. Catches a rule that is missing,
// out of place, asks of the wrong field or bit, or fails the entry in the wrong way.
#include <random>

#include "entry_state.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum Control;
using M = EntryMachine;
using Kind = Verdict::Kind;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

constexpr u64 kBeyond = bit(kWidth);
constexpr u64 kNotCanonical = u64{0x8000} << 32;

constexpr Row kRegisters[] = {
    {"guest CR0 has the fixed bits of VMX operation", nothing, [](M& m) { m[Field::GuestCr0] &= ~cr0::kNe; }},
    {"guest CR0.PG needs CR0.PE", [](M& m) { m.real_guest(); },
     [](M& m) { m.real_guest(), m[Field::GuestCr0] |= cr0::kPg; }},
    {"guest CR4 has the fixed bits of VMX operation", nothing, [](M& m) { m[Field::GuestCr4] |= bit(11); }},
    {"\"load debug controls\": reserved bits of IA32_DEBUGCTL are 0",
     [](M& m) { m[Field::GuestDebugCtl] = 3; }, [](M& m) { m[Field::GuestDebugCtl] = bit(2); }},
    {"\"IA-32e mode guest\" needs guest CR0.PG and CR4.PAE", nothing,
     [](M& m) { m[Field::GuestCr4] &= ~cr4::kPae; }},
    {"without \"IA-32e mode guest\": guest CR4.PCIDE is 0", [](M& m) { m.protected_guest(); },
     [](M& m) { m.protected_guest(), m[Field::GuestCr4] |= cr4::kPcide; }},
    {"guest CR3 is within the physical-address width", [](M& m) { m[Field::GuestCr3] = kBeyond - 1; },
     [](M& m) { m[Field::GuestCr3] = kBeyond; }},
    {"\"load debug controls\": bits 63:32 of DR7 are 0", [](M& m) { m[Field::GuestDr7] = 0xFFFF'FFFF; },
     [](M& m) { m[Field::GuestDr7] = bit(32); }},
    {"guest IA32_SYSENTER_ESP is canonical", [](M& m) { m[Field::GuestSysenterEsp] = kNotCanonical - 1; },
     [](M& m) { m[Field::GuestSysenterEsp] = kNotCanonical; }},
    {"guest IA32_SYSENTER_EIP is canonical", [](M& m) { m[Field::GuestSysenterEip] = 0xFFFF'8000'0000'0000; },
     [](M& m) { m[Field::GuestSysenterEip] = 0xFFFF'7FFF'FFFF'FFFF; }},
    {"\"load IA32_PERF_GLOBAL_CTRL\": reserved bits of the guest's are 0", nothing,
     [](M& m) { m[Field::GuestPerfGlobalCtrl] = 1; }},
    {"\"load IA32_PAT\": the guest's memory types exist",
     [](M& m) { m[Field::GuestPat] = 0x0001'0405'0607'0604; },
     [](M& m) { m[Field::GuestPat] = u64{2} << 24; }},
    {"\"load IA32_EFER\": reserved bits of the guest's are 0",
     [](M& m) { m[Field::GuestEfer] = efer::kLme | efer::kLma; },
     [](M& m) { m[Field::GuestEfer] |= bit(9); }},
    {"\"load IA32_EFER\": the guest's LMA is as \"IA-32e mode guest\", and under paging as LME", nothing,
     [](M& m) { m[Field::GuestEfer] &= ~efer::kLma; }},
    {"\"load IA32_BNDCFGS\": reserved bits are 0 and the address is canonical",
     [](M& m) { m[Field::GuestBndcfgs] = 0x7FFF'FFFF'F003; }, [](M& m) { m[Field::GuestBndcfgs] = 4; }},
};
constexpr Edge kRegisterEdges[] = {
    {"CR0: PG and PE of a guest that is not unrestricted",
     [](M& m) { m.real_guest(), m.set(UnrestrictedGuest, false), m.rights(arch::kCs) = 0x9B; }, false},
    {"CR0: an unpaged, unrestricted guest", [](M& m) { m.real_guest(), m[Field::GuestCr0] |= cr0::kPe; },
     true},
    {"CR0: NE of an unrestricted guest", [](M& m) { m.real_guest(), m[Field::GuestCr0] &= ~cr0::kNe; },
     false},
    {"CR0: NW and CD are never checked", [](M& m) { m[Field::GuestCr0] |= cr0::kNw | cr0::kCd; }, true},
    {"CR0: bit 40", [](M& m) { m[Field::GuestCr0] |= bit(40); }, false},
    {"CR4: VMXE is a fixed bit", [](M& m) { m[Field::GuestCr4] &= ~cr4::kVmxe; }, false},
    {"CR4: all that the processor has", [](M& m) { m[Field::GuestCr4] = m.cpu->vmx.cr4_fixed1; }, true},
    {"DEBUGCTL that is not loaded",
     [](M& m) { m[Field::GuestDebugCtl] = ~u64{0}, m.set(EntryLoadDebugControls, false); }, true},
    {"DEBUGCTL: bit 63", [](M& m) { m[Field::GuestDebugCtl] = bit(63); }, false},
    {"IA-32e mode without paging", [](M& m) { m[Field::GuestCr0] &= ~cr0::kPg, m.set(UnrestrictedGuest); },
     false},
    {"DR7 that is not loaded",
     [](M& m) { m[Field::GuestDr7] = ~u64{0}, m.set(EntryLoadDebugControls, false); }, true},
    {"PERF_GLOBAL_CTRL that is not loaded",
     [](M& m) { m[Field::GuestPerfGlobalCtrl] = 1, m.set(EntryLoadPerfGlobalCtrl, false); }, true},
    {"PAT that is not loaded", [](M& m) { m[Field::GuestPat] = ~u64{0}, m.set(EntryLoadPat, false); }, true},
    {"EFER: SVME", [](M& m) { m[Field::GuestEfer] |= efer::kSvme; }, false},
    {"EFER that is not loaded", [](M& m) { m[Field::GuestEfer] = ~u64{0}, m.set(EntryLoadEfer, false); },
     true},
    {"EFER: LME without LMA, paged", [](M& m) { m.protected_guest(), m[Field::GuestEfer] = efer::kLme; },
     false},
    {"EFER: LME without LMA, unpaged", [](M& m) { m.real_guest(), m[Field::GuestEfer] = efer::kLme; }, true},
    {"EFER: LMA of a 32-bit guest",
     [](M& m) { m.protected_guest(), m[Field::GuestEfer] = efer::kLme | efer::kLma; }, false},
    {"BNDCFGS: an address that is not canonical", [](M& m) { m[Field::GuestBndcfgs] = kNotCanonical; },
     false},
    {"BNDCFGS that is not loaded", [](M& m) { m[Field::GuestBndcfgs] = 4, m.set(EntryLoadBndcfgs, false); },
     true},
};

constexpr Row kDescriptorTables[] = {
    {"guest base addresses of GDTR and IDTR are canonical",
     [](M& m) { m[Field::GuestGdtrBase] = kNotCanonical - 1; },
     [](M& m) { m[Field::GuestGdtrBase] = kNotCanonical; }},
    {"bits 31:16 of the guest's GDTR and IDTR limits are 0",
     [](M& m) { m[Field::GuestGdtrLimit] = m[Field::GuestIdtrLimit] = 0xFFFF; },
     [](M& m) { m[Field::GuestGdtrLimit] = 0x1'0000; }},
};
constexpr Edge kDescriptorTableEdges[] = {
    {"IDTR base", [](M& m) { m[Field::GuestIdtrBase] = kNotCanonical; }, false},
    {"IDTR limit", [](M& m) { m[Field::GuestIdtrLimit] = bit(31); }, false},
};

constexpr Row kRipRflags[] = {
    {"bits 63:32 of guest RIP are 0 outside 64-bit mode",
     [](M& m) { m.protected_guest(), m[Field::GuestRip] = 0xFFFF'FFFF; },
     [](M& m) { m.protected_guest(), m[Field::GuestRip] = bit(32); }},
    {"bits 63:48 of guest RIP are identical in 64-bit mode",
     [](M& m) { m[Field::GuestRip] = 0xFFFF'0000'0000'0000; }, [](M& m) { m[Field::GuestRip] = bit(48); }},
    {"reserved bits of guest RFLAGS are 0, and bit 1 is 1", [](M& m) { m[Field::GuestRflags] = 0x3D'7FD7; },
     [](M& m) { m[Field::GuestRflags] = 0x200; }},
    {"guest RFLAGS.VM is 0 in IA-32e mode and with CR0.PE = 0", [](M& m) { m.virtual_8086_guest(); },
     [](M& m) {  // all else as it must be for such a guest
       m.virtual_8086_guest(), m.set(UnrestrictedGuest), m[Field::GuestCr0] &= ~(cr0::kPe | cr0::kPg);
       m.rights(vmx::kTr) = 0x8B;
     }},
    {"guest RFLAGS.IF is 1 if an external interrupt is injected", [](M& m) { m.inject(0, 0x20); },
     [](M& m) { m.inject(0, 0x20), m[Field::GuestRflags] = 2; }},
};
constexpr Edge kRipRflagsEdges[] = {
    {"RIP: compatibility mode", [](M& m) { m.rights(arch::kCs) = 0xC09B; }, false},
    {"RIP: compatibility mode, below 4 GiB",
     [](M& m) { m.rights(arch::kCs) = 0xC09B, m[Field::GuestRip] = 0xFFFF'FFFF; }, true},
    {"RIP: bit 47 differs from those above: not this check's", [](M& m) { m[Field::GuestRip] = bit(47); },
     true},
    {"RFLAGS: bit 3", [](M& m) { m[Field::GuestRflags] |= bit(3); }, false},
    {"RFLAGS: bit 5", [](M& m) { m[Field::GuestRflags] |= bit(5); }, false},
    {"RFLAGS: bit 15", [](M& m) { m[Field::GuestRflags] |= bit(15); }, false},
    {"RFLAGS: bit 22", [](M& m) { m[Field::GuestRflags] |= bit(22); }, false},
    {"RFLAGS: bit 63", [](M& m) { m[Field::GuestRflags] |= bit(63); }, false},
    {"RFLAGS: VM in IA-32e mode",
     [](M& m) {
       m.virtual_8086_guest(), m.set(Ia32eModeGuest), m[Field::GuestCr4] |= cr4::kPae;
       m[Field::GuestEfer] = efer::kLme | efer::kLma;
     },
     false},
    {"RFLAGS: IF is no matter to an NMI", [](M& m) { m.inject(2, 2), m[Field::GuestRflags] = 2; }, true},
    {"RFLAGS: IF is no matter to a software interrupt",
     [](M& m) { m.inject(4, 0x80), m[Field::GuestRflags] = 2; }, true},
};

}  // namespace

TEST_CASE("27.3.1.1 guest control registers, debug registers and MSRs") {
  try_section("27.3.1.1", vmx::guest_register_checks(), kRegisters, Kind::FailEntry, {});
  try_edges(kRegisterEdges);
}

TEST_CASE("27.3.1.3 guest descriptor-table registers") {
  try_section("27.3.1.3", vmx::guest_descriptor_table_checks(), kDescriptorTables, Kind::FailEntry, {});
  try_edges(kDescriptorTableEdges);
}

TEST_CASE("27.3.1.4 guest RIP and RFLAGS") {
  try_section("27.3.1.4", vmx::guest_rip_rflags_checks(), kRipRflags, Kind::FailEntry, {});
  try_edges(kRipRflagsEdges);
}

// Catches a check that reads outside memory, depends on anything but its input, or changes it: fields at
// random, all of them or a few of a state that passes.
TEST_CASE("27.2, 27.3.1 whatever stands in the VMCS, there is a verdict, and it stays the same") {
  std::mt19937_64 random(1);
  unsigned passed = 0, guest_failures = 0;
  for (unsigned round = 0; round < 20'000; ++round) {
    EntryMachine m;
    const bool all = round % 8 == 0;
    for (unsigned n = 0; n < (all ? arch::vmx::kFields : 2); ++n) {
      const auto f = static_cast<Field>(all ? n : random() % arch::vmx::kFields);
      const u64 noise = random();
      m[f] = random() % 2 ? noise : m[f] ^ bit(noise % 64);
    }
    const arch::vmx::Vmcs before = m.vmcs;
    const Verdict v = m.verdict(), again = m.verdict();
    CHECK(v.kind == again.kind);
    CHECK(v.rule.data() == again.rule.data());
    CHECK(v.pass() == v.rule.empty());
    CHECK(std::memcmp(&before, &m.vmcs, sizeof before) == 0);
    CHECK(m.bus.accesses.empty());  // nothing that a device could notice
    // The guest's state is looked at even if the controls are wrong.
    m.with_state([](const vmx::EntryState& e) { return vmx::check_guest(e); });
    passed += v.pass(), guest_failures += v.kind == Kind::FailEntry;
  }
  CHECK(passed > 1000);
  CHECK(guest_failures > 1000);
}
