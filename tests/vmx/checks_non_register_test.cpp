// The checks of VM entry on the guest's activity, interruptibility, pending debug exceptions, VMCS link
// pointer and PDPTEs (SDM vol. 3, 27.3.1.5 and 27.3.1.6): each rule with a state that passes and one that
// fails. Catches a rule that is missing, asks of the wrong bit, or gives the wrong qualification.
#include "entry_state.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum Control;
using M = EntryMachine;
using Kind = Verdict::Kind;

namespace {

constexpr u64 kBeyond = bit(kWidth);
constexpr u64 kHlt = 1, kShutdown = 2, kWaitForSipi = 3;
constexpr u64 kSti = 1, kMovSs = 2, kSmi = 4, kNmi = 8, kEnclave = 16;
constexpr u64 kTf = bit(8), kBs = bit(14);

void activity(M& m, u64 state) { m[Field::GuestActivity] = state; }
void blocking(M& m, u64 by) { m[Field::GuestInterruptibility] = by; }
void pending(M& m, u64 what) { m[Field::GuestPendingDebug] = what; }
void link(M& m, u64 pointer) { m[Field::VmcsLinkPointer] = pointer; }

constexpr Row kNonRegister[] = {
    {"the activity state is one that IA32_VMX_MISC has", [](M& m) { activity(m, kWaitForSipi); },
     [](M& m) { activity(m, 4); }},
    {"the activity state is not HLT where SS's DPL is not 0", [](M& m) { activity(m, kHlt); },
     [](M& m) { m.user_guest(), activity(m, kHlt); }},
    {"the activity state is active where STI or MOV SS blocks", [](M& m) { blocking(m, kSti); },
     [](M& m) { activity(m, kShutdown), blocking(m, kSti); }},
    {"the activity state does not block the injected event", [](M& m) { activity(m, kHlt), m.inject(3, 1); },
     [](M& m) { activity(m, kHlt), m.inject(3, 6); }},
    {"the activity state is not wait-for-SIPI with \"entry to SMM\"", nothing,
     [](M& m) { activity(m, kWaitForSipi), m.set(EntryToSmm), blocking(m, kSmi); }, true},
    {"reserved bits of the interruptibility state are 0", [](M& m) { blocking(m, kNmi | kMovSs); },
     [](M& m) { blocking(m, bit(5)); }},
    {"STI and MOV SS do not both block", [](M& m) { blocking(m, kMovSs); },
     [](M& m) { blocking(m, kSti | kMovSs); }},
    {"STI does not block where RFLAGS.IF is 0", [](M& m) { blocking(m, kMovSs), m[Field::GuestRflags] = 2; },
     [](M& m) { blocking(m, kSti), m[Field::GuestRflags] = 2; }},
    {"neither STI nor MOV SS blocks an injected external interrupt",
     [](M& m) { blocking(m, kNmi), m.inject(0, 0x20); }, [](M& m) { blocking(m, kSti), m.inject(0, 0x20); }},
    {"MOV SS does not block an injected NMI", [](M& m) { blocking(m, kMovSs), m.inject(3, 6); },
     [](M& m) { blocking(m, kMovSs), m.inject(2, 2); }},
    {"outside SMM: blocking by SMI is 0", nothing, [](M& m) { blocking(m, kSmi); }},
    {"\"entry to SMM\": blocking by SMI is 1", nothing, [](M& m) { m.set(EntryToSmm); }, true},
    {"STI does not block an injected NMI", [](M& m) { m.inject(2, 2); },
     [](M& m) { blocking(m, kSti), m.inject(2, 2); }},
    {"\"virtual NMIs\": an injected NMI is not blocked by NMI",
     [](M& m) { blocking(m, kNmi), m.inject(2, 2), m.clear({VirtualNmis, NmiWindowExiting}); },
     [](M& m) { blocking(m, kNmi), m.inject(2, 2); }},
    {"the enclave-interruption bit is 0 on a processor without SGX", nothing,
     [](M& m) { blocking(m, kEnclave); }},
    {"reserved bits of the pending debug exceptions are 0", [](M& m) { pending(m, 0x500F); },
     [](M& m) { pending(m, bit(13)); }},
    {"BS is pending where STI or MOV SS blocks, or in HLT, if TF is 1 and BTF is 0",
     [](M& m) { blocking(m, kSti), m[Field::GuestRflags] |= kTf, pending(m, kBs); },
     [](M& m) { blocking(m, kSti), m[Field::GuestRflags] |= kTf; }},
    {"BS is not pending where STI or MOV SS blocks, or in HLT, if TF is 0 or BTF is 1",
     [](M& m) { blocking(m, kMovSs), m[Field::GuestRflags] |= kTf, m[Field::GuestDebugCtl] = 2; },
     [](M& m) {
       blocking(m, kMovSs), m[Field::GuestRflags] |= kTf, m[Field::GuestDebugCtl] = 2;
       pending(m, kBs);
     }},
    {"RTM is not pending on a processor without RTM", nothing, [](M& m) { pending(m, bit(16) | bit(12)); }},
    {"bits 11:0 of the VMCS link pointer are 0", [](M& m) { link(m, kShadowVmcs); },
     [](M& m) { link(m, kShadowVmcs + 0x800); }},
    {"the VMCS link pointer is within the physical-address width",
     [](M& m) { m.set(VmcsShadowing, false), link(m, arch::vmx::kNoVmcs); },
     [](M& m) { link(m, kBeyond + kShadowVmcs); }},
    {"the VMCS link pointer's region has the revision, and is a shadow VMCS with \"VMCS shadowing\" only",
     [](M& m) { m.set(VmcsShadowing, false), m.poke<u32>(kShadowVmcs, m.cpu->vmx.revision); },
     [](M& m) { m.set(VmcsShadowing, false); }},
    {"the VMCS link pointer is not the current VMCS", nothing,
     [](M& m) {
       link(m, kOwnVmcs), m.poke<u32>(kOwnVmcs, m.cpu->vmx.revision | arch::vmx::kShadowIndicator);
     }},
};

constexpr Edge kNonRegisterEdges[] = {
    {"activity: HLT that the processor lacks", [](M& m) { activity(m, kHlt), m.cpu->vmx.misc &= ~bit(6); },
     false},
    {"activity: shutdown that the processor lacks",
     [](M& m) { activity(m, kShutdown), m.cpu->vmx.misc &= ~bit(7); }, false},
    {"activity: wait-for-SIPI that the processor lacks",
     [](M& m) { activity(m, kWaitForSipi), m.cpu->vmx.misc &= ~bit(8); }, false},
    {"activity: a number beyond", [](M& m) { activity(m, bit(31)); }, false},
    {"activity: HLT with an unusable SS of DPL 3",
     [](M& m) { m.user_guest(), m.rights(arch::kSs) |= bit(16), activity(m, kHlt); }, false},
    {"activity: HLT after MOV SS", [](M& m) { activity(m, kHlt), blocking(m, kMovSs); }, false},
    {"activity: HLT, external interrupt", [](M& m) { activity(m, kHlt), m.inject(0, 0x20); }, true},
    {"activity: HLT, NMI", [](M& m) { activity(m, kHlt), m.inject(2, 2); }, true},
    {"activity: HLT, machine check", [](M& m) { activity(m, kHlt), m.inject(3, 18); }, true},
    {"activity: HLT, MTF", [](M& m) { activity(m, kHlt), m.inject(7, 0); }, true},
    {"activity: HLT, page fault", [](M& m) { activity(m, kHlt), m.inject(3, 14, 1u << 11); }, false},
    {"activity: HLT, software interrupt", [](M& m) { activity(m, kHlt), m.inject(4, 0x80); }, false},
    {"activity: shutdown, NMI", [](M& m) { activity(m, kShutdown), m.inject(2, 2); }, true},
    {"activity: shutdown, machine check", [](M& m) { activity(m, kShutdown), m.inject(3, 18); }, true},
    {"activity: shutdown, external interrupt", [](M& m) { activity(m, kShutdown), m.inject(0, 0x20); },
     false},
    {"activity: shutdown, debug exception", [](M& m) { activity(m, kShutdown), m.inject(3, 1); }, false},
    {"activity: shutdown, MTF", [](M& m) { activity(m, kShutdown), m.inject(7, 0); }, false},
    {"activity: shutdown of a user program", [](M& m) { m.user_guest(), activity(m, kShutdown); }, true},
    {"activity: wait-for-SIPI, NMI", [](M& m) { activity(m, kWaitForSipi), m.inject(2, 2); }, false},
    {"activity: active, anything", [](M& m) { m.inject(4, 0x80); }, true},
    {"interruptibility: bit 31", [](M& m) { blocking(m, bit(31)); }, false},
    {"interruptibility: MOV SS and an external interrupt",
     [](M& m) { blocking(m, kMovSs), m.inject(0, 0x20); }, false},
    {"interruptibility: STI and an exception", [](M& m) { blocking(m, kSti), m.inject(3, 6); }, true},
    {"interruptibility: blocked by NMI, and an exception", [](M& m) { blocking(m, kNmi), m.inject(3, 6); },
     true},
    {"pending: bit 4", [](M& m) { pending(m, bit(4)); }, false},
    {"pending: bit 11", [](M& m) { pending(m, bit(11)); }, false},
    {"pending: bit 15", [](M& m) { pending(m, bit(15)); }, false},
    {"pending: bit 17", [](M& m) { pending(m, bit(17)); }, false},
    {"pending: bit 63", [](M& m) { pending(m, bit(63)); }, false},
    {"pending: enabled breakpoint", [](M& m) { pending(m, bit(12)); }, true},
    {"BS: in HLT", [](M& m) { activity(m, kHlt), m[Field::GuestRflags] |= kTf; }, false},
    {"BS: in HLT, pending", [](M& m) { activity(m, kHlt), m[Field::GuestRflags] |= kTf, pending(m, kBs); },
     true},
    {"BS: in HLT without TF", [](M& m) { activity(m, kHlt), pending(m, kBs); }, false},
    {"BS: nothing blocks, TF alone", [](M& m) { m[Field::GuestRflags] |= kTf; }, true},
    {"BS: nothing blocks, BS alone", [](M& m) { pending(m, kBs); }, true},
    {"link: none", [](M& m) { link(m, arch::vmx::kNoVmcs); }, true},
    {"link: the wrong revision", [](M& m) { m.poke<u32>(kShadowVmcs, 0x8000'1235); }, false},
    {"link: no shadow VMCS with \"VMCS shadowing\"", [](M& m) { m.poke<u32>(kShadowVmcs, 0x1234); }, false},
    {"link: not RAM", [](M& m) { link(m, 0x5000'0000); }, false},
};

void pae_with(M& m, unsigned n, u64 entry) {
  m.pae_guest();
  m[Field::GuestPdpte0 + n] = entry;
}
void pae_without_ept(M& m, unsigned n, u64 entry) {
  m.pae_guest();
  m.clear({EnableEpt, EnablePml, ModeBasedExecute});
  m[Field::VmFunctionControls] = 0;
  m.poke<u64>(kPdptes + n * 8, entry);
}

constexpr Row kPdpteRows[] = {
    {"PAE paging: reserved bits of present PDPTEs are 0", [](M& m) { pae_with(m, 3, 0x1000 | 1 | 0xE18); },
     [](M& m) { pae_with(m, 3, 0x1000 | 1 | bit(1)); }},
};
constexpr Edge kPdpteEdges[] = {
    {"an entry that is not present", [](M& m) { pae_with(m, 0, ~u64{1}); }, true},
    {"bit 5", [](M& m) { pae_with(m, 0, 1 | bit(5)); }, false},
    {"bit 8", [](M& m) { pae_with(m, 1, 1 | bit(8)); }, false},
    {"width", [](M& m) { pae_with(m, 2, 1 | kBeyond); }, false},
    {"bit 63", [](M& m) { pae_with(m, 2, 1 | bit(63)); }, false},
    {"no PAE paging: 32-bit", [](M& m) { m.protected_guest(), m[Field::GuestPdpte0] = 3; }, true},
    {"no PAE paging: 64-bit", [](M& m) { m[Field::GuestPdpte0] = 3; }, true},
    {"no paging",
     [](M& m) { m.real_guest(), m[Field::GuestCr4] |= arch::cr4::kPae, m[Field::GuestPdpte0] = 3; }, true},
    {"without EPT memory counts, not the fields",
     [](M& m) { pae_without_ept(m, 0, 1), m[Field::GuestPdpte0] = 3; }, true},
    {"without EPT: a reserved bit in memory", [](M& m) { pae_without_ept(m, 3, 3); }, false},
    {"without EPT: bits 4:0 of CR3 are no address",
     [](M& m) { pae_without_ept(m, 0, 3), m[Field::GuestCr3] |= 0x18; }, false},
};

}  // namespace

TEST_CASE("27.3.1.5 guest non-register state") {
  try_section("27.3.1.5", vmx::guest_non_register_checks(), kNonRegister, Kind::FailEntry, {});
  try_edges(kNonRegisterEdges);
}

TEST_CASE("27.3.1.6 guest page-directory-pointer-table entries") {
  try_section("27.3.1.6", vmx::guest_pdpte_checks(), kPdpteRows, Kind::FailEntry, {});
  try_edges(kPdpteEdges);
}

TEST_CASE("27.8 qualifications of a failed entry") {
  EntryMachine nmi, pointer, pdptes, other;
  blocking(nmi, kSti), nmi.inject(2, 2);
  link(pointer, 8);
  pae_with(pdptes, 0, 3);
  other[Field::GuestRflags] = 0;
  CHECK(nmi.verdict().qualification == 3);
  CHECK(pointer.verdict().qualification == 4);
  CHECK(pdptes.verdict().qualification == 2);
  CHECK(other.verdict().qualification == 0);
}
