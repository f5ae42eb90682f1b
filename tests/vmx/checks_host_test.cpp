// The checks of VM entry on the host-state area (SDM vol. 3, 27.2.2 to 27.2.4): each rule with a state that
// passes and one that fails. Catches a rule that is missing, out of place, asks of the wrong field or bit, or
// gives the wrong error.
#include "entry_state.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum Control;
using M = EntryMachine;
using Kind = Verdict::Kind;
using Error = arch::vmx::Error;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

constexpr u64 kBeyond = bit(kWidth);
constexpr u64 kNotCanonical = u64{0x8000} << 32;

/// VM entry outside IA-32e mode.
void legacy_host(M& m) {
  m.cpu->efer = 0;
  m.set(HostAddressSpaceSize, false);
  m[Field::HostCr4] &= ~cr4::kPcide;
  m[Field::HostRip] = 0x1000;
  m[Field::HostEfer] = 0;
  m.protected_guest();
}

constexpr Row kRegisters[] = {
    {"host CR0 has the fixed bits of VMX operation", nothing, [](M& m) { m[Field::HostCr0] &= ~cr0::kNe; }},
    {"host CR4 has the fixed bits of VMX operation", nothing, [](M& m) { m[Field::HostCr4] &= ~cr4::kVmxe; }},
    {"host CR3 is within the physical-address width", [](M& m) { m[Field::HostCr3] = kBeyond - 1; },
     [](M& m) { m[Field::HostCr3] = kBeyond; }},
    {"host IA32_SYSENTER_ESP is canonical", [](M& m) { m[Field::HostSysenterEsp] = kNotCanonical - 1; },
     [](M& m) { m[Field::HostSysenterEsp] = kNotCanonical; }},
    {"host IA32_SYSENTER_EIP is canonical", [](M& m) { m[Field::HostSysenterEip] = 0xFFFF'8000'0000'0000; },
     [](M& m) { m[Field::HostSysenterEip] = 0xFFFF'7FFF'FFFF'FFFF; }},
    {"\"load IA32_PERF_GLOBAL_CTRL\": reserved bits of the host's are 0", nothing,
     [](M& m) { m[Field::HostPerfGlobalCtrl] = 1; }},
    {"\"load IA32_PAT\": the host's memory types exist",
     [](M& m) { m[Field::HostPat] = 0x0001'0405'0607'0604; }, [](M& m) { m[Field::HostPat] = 2; }},
    {"\"load IA32_EFER\": reserved bits of the host's are 0",
     [](M& m) { m[Field::HostEfer] = efer::kLme | efer::kLma; }, [](M& m) { m[Field::HostEfer] |= bit(1); }},
    {"\"load IA32_EFER\": the host's LMA and LME are as \"host address-space size\"", nothing,
     [](M& m) { m[Field::HostEfer] &= ~efer::kLma; }},
};
constexpr Edge kRegisterEdges[] = {
    {"CR0: PE", [](M& m) { m[Field::HostCr0] &= ~cr0::kPe; }, false},
    {"CR0: PG, whatever the guest may",
     [](M& m) { m[Field::HostCr0] &= ~cr0::kPg, m.set(UnrestrictedGuest); }, false},
    {"CR0: bit 32", [](M& m) { m[Field::HostCr0] |= bit(32); }, false},
    {"CR0: NW and CD are never checked", [](M& m) { m[Field::HostCr0] |= cr0::kNw | cr0::kCd; }, true},
    {"CR0: NW alone, too", [](M& m) { m[Field::HostCr0] |= cr0::kNw; }, true},
    {"CR4: a bit that the processor lacks", [](M& m) { m[Field::HostCr4] |= bit(11); }, false},
    {"CR4: bit 63", [](M& m) { m[Field::HostCr4] |= bit(63); }, false},
    {"CR4: all that the processor has", [](M& m) { m[Field::HostCr4] = m.cpu->vmx.cr4_fixed1; }, true},
    {"CR3: bit 63", [](M& m) { m[Field::HostCr3] = bit(63); }, false},
    {"PERF_GLOBAL_CTRL that is not loaded",
     [](M& m) { m[Field::HostPerfGlobalCtrl] = 1, m.set(ExitLoadPerfGlobalCtrl, false); }, true},
    {"PAT: type 3 in the last place", [](M& m) { m[Field::HostPat] = u64{3} << 56; }, false},
    {"PAT: 8", [](M& m) { m[Field::HostPat] = u64{8} << 32; }, false},
    {"PAT that is not loaded", [](M& m) { m[Field::HostPat] = ~u64{0}, m.set(ExitLoadPat, false); }, true},
    {"EFER: SVME is not Intel's", [](M& m) { m[Field::HostEfer] |= efer::kSvme; }, false},
    {"EFER: NXE where there is no such thing",
     [](M& m) { m.cpu->features.reset(static_cast<size_t>(arch::Feature::Nx)), m[Field::GuestEfer] = 0x500; },
     false},
    {"EFER: LME without LMA", [](M& m) { m[Field::HostEfer] &= ~efer::kLme; }, false},
    {"EFER that is not loaded", [](M& m) { m[Field::HostEfer] = 0, m.set(ExitLoadEfer, false); }, true},
    {"EFER: a 32-bit host's LMA", [](M& m) { legacy_host(m), m[Field::HostEfer] = efer::kLma; }, false},
    {"EFER: a 32-bit host's LME", [](M& m) { legacy_host(m), m[Field::HostEfer] = efer::kLme; }, false},
};

constexpr Row kSegments[] = {
    {"RPL and TI of the host's selectors are 0", [](M& m) { m[Field::HostCsSelector] = 0xFFF8; },
     [](M& m) { m[Field::HostTrSelector] |= 1; }},
    {"host CS selector is not null", [](M& m) { m[Field::HostCsSelector] = 8; },
     [](M& m) { m[Field::HostCsSelector] = 0; }},
    {"host TR selector is not null", [](M& m) { m[Field::HostTrSelector] = 8; },
     [](M& m) { m[Field::HostTrSelector] = 0; }},
    {"host SS selector is not null without \"host address-space size\"",
     [](M& m) { m[Field::HostSsSelector] = 0; }, [](M& m) { legacy_host(m), m[Field::HostSsSelector] = 0; }},
    {"host base addresses of FS, GS, TR, GDTR and IDTR are canonical",
     [](M& m) { m[Field::HostFsBase] = kNotCanonical - 1; },
     [](M& m) { m[Field::HostFsBase] = kNotCanonical; }},
};

constexpr Row kAddressSpace[] = {
    {"outside IA-32e mode: \"IA-32e mode guest\" is 0", legacy_host,
     [](M& m) { legacy_host(m), m.set(Ia32eModeGuest); }},
    {"outside IA-32e mode: \"host address-space size\" is 0", legacy_host,
     [](M& m) { legacy_host(m), m.set(HostAddressSpaceSize), m[Field::HostEfer] = efer::kLme | efer::kLma; }},
    {"in IA-32e mode: \"host address-space size\" is 1", nothing,
     [](M& m) { legacy_host(m), m.cpu->efer = efer::kLma; }},
    {"without \"host address-space size\": \"IA-32e mode guest\" is 0", legacy_host,
     [](M& m) { legacy_host(m), m.set(Ia32eModeGuest); }, true},
    {"without \"host address-space size\": host CR4.PCIDE is 0", legacy_host,
     [](M& m) { legacy_host(m), m[Field::HostCr4] |= cr4::kPcide; }},
    {"without \"host address-space size\": bits 63:32 of host RIP are 0",
     [](M& m) { legacy_host(m), m[Field::HostRip] = 0xFFFF'FFFF; },
     [](M& m) { legacy_host(m), m[Field::HostRip] = bit(32); }},
    {"\"host address-space size\": host CR4.PAE is 1", nothing,
     [](M& m) { m[Field::HostCr4] &= ~cr4::kPae; }},
    {"\"host address-space size\": host RIP is canonical",
     [](M& m) { m[Field::HostRip] = kNotCanonical - 1; }, [](M& m) { m[Field::HostRip] = kNotCanonical; }},
    {"without Intel 64: \"IA-32e mode guest\" and \"host address-space size\" are 0",
     [](M& m) { legacy_host(m), m.cpu->features.reset(static_cast<size_t>(arch::Feature::Lm)); },
     [](M& m) {
       legacy_host(m), m.cpu->features.reset(static_cast<size_t>(arch::Feature::Lm)), m.set(Ia32eModeGuest);
     },
     true},
};
constexpr Edge kAddressSpaceEdges[] = {
    {"a 64-bit host with a 32-bit guest", [](M& m) { m.protected_guest(); }, true},
    {"a 32-bit host without PAE", [](M& m) { legacy_host(m), m[Field::HostCr4] &= ~cr4::kPae; }, true},
};

}  // namespace

TEST_CASE("27.2.2 host control registers and MSRs") {
  try_section("27.2.2", vmx::host_register_checks(), kRegisters, Kind::FailValid, Error::EntryHostState);
  try_edges(kRegisterEdges);
}

TEST_CASE("27.2.3 host segment and descriptor-table registers") {
  try_section("27.2.3", vmx::host_segment_checks(), kSegments, Kind::FailValid, Error::EntryHostState);
  for (unsigned n = 0; n < 7; ++n) {
    for (const u64 low : {1, 2, 4}) {
      EntryMachine m;
      m[Field::HostEsSelector + n] |= low;
      CHECK(m.verdict().section == "27.2.3");
    }
  }
  for (const Field base :
       {Field::HostFsBase, Field::HostGsBase, Field::HostTrBase, Field::HostGdtrBase, Field::HostIdtrBase}) {
    EntryMachine m;
    m[base] = kNotCanonical;
    CHECK(m.verdict().section == "27.2.3");
  }
  for (const Field null :
       {Field::HostEsSelector, Field::HostDsSelector, Field::HostFsSelector, Field::HostGsSelector}) {
    EntryMachine m;
    m[null] = 0;
    CHECK(m.verdict().pass());
  }
}

TEST_CASE("27.2.4 address-space size") {
  try_section("27.2.4", vmx::address_space_checks(), kAddressSpace, Kind::FailValid, Error::EntryHostState);
  try_edges(kAddressSpaceEdges);
}

// Catches a host error where a control is wrong too: the controls' error comes first.
TEST_CASE("27.2 controls before host state, host state before guest state") {
  EntryMachine m;
  m[Field::GuestRflags] = 0;
  m[Field::HostCr0] = 0;
  CHECK(m.verdict().error == Error::EntryHostState);
  m[Field::Vpid] = 0;
  CHECK(m.verdict().error == Error::EntryControls);
}
