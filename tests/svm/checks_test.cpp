// The consistency checks of VMRUN, each with a state that passes and one that fails (APM vol. 2, 15.5.1).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/control/msr.hpp"
#include "sim/cpu/cpuid.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

/// What VMRUN makes of the control block after `change`: VMEXIT_INVALID, or the HLT of the guest.
template <class Change>
bool accepted(Change change, timing::Profile profile = amd_everything()) {
  GuestMachine m(std::move(profile));
  m.guest_code({0x90});
  change(m);
  const u64 code = m.enter();
  CHECK((code == code_of(Exit::Invalid) || code == code_of(Exit::Hlt)));
  if (code == code_of(Exit::Invalid)) {
    CHECK(m.block.save.rip == kGuestCode);  // the guest's state is not written
    CHECK(!m.cpu().gif);
    CHECK(m.cpu().rip == kCode + 4);
  }
  return code == code_of(Exit::Hlt);
}

}  // namespace

TEST_CASE("EFER: SVME, reserved bits, long mode") {
  CHECK(accepted([](GuestMachine&) {}));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.efer &= ~efer::kSvme; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.efer |= bit(1); }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.efer |= bit(20); }));
}

TEST_CASE("EFER without long mode: neither LME nor LMA") {
  CHECK(!accepted([](GuestMachine&) {}, amd_without({"lm"})));
  CHECK(accepted([](GuestMachine& m) { m.guest_protected(); }, amd_without({"lm"})));
  CHECK(accepted([](GuestMachine& m) { m.block.save.efer &= ~arch::efer::kLma; }));  // worked out anew
  CHECK(!accepted([](GuestMachine&) {}, amd_without({"nx"})));
}

// Catches assistance that a profile without it still gives: CPUID, EFER, VM_CR and the instruction itself.
TEST_CASE("a -novirt profile has no SVM") {
  const char* name = GENERATE("amd-zen2", "amd-zen2-novirt");
  const bool has = std::string_view(name) == "amd-zen2";
  Machine m(timing::load_profile(name, timing::Accuracy::Functional));
  m.long_mode();
  CHECK(test_bit(cpu::cpuid(m.cpu(), 0x8000'0001, 0).ecx, 2) == has);
  const cpu::CpuidResult svm = cpu::cpuid(m.cpu(), 0x8000'000A, 0);
  CHECK(((svm.eax | svm.ebx | svm.ecx | svm.edx) != 0) == has);
  u64 vm_cr = 0;
  CHECK(control::read_msr(m.cpu(), 0xC001'0114, vm_cr));
  CHECK(vm_cr == (has ? 0u : 0x18u));  // LOCK and SVMDIS
  CHECK(control::write_msr(m.cpu(), 0xC000'0080, m.cpu().efer | efer::kSvme) == has);
  m.cpu().gpr[arch::kRax] = 1;  // no control block: #GP where VMRUN exists
  CHECK(m.run({0x0F, 0x01, 0xD8}) == (has ? 13 : 6));
}

TEST_CASE("CR0: NW without CD, upper half") {
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cr0 |= cr0::kNw; }));
  CHECK(accepted([](GuestMachine& m) { m.block.save.cr0 |= cr0::kNw | cr0::kCd; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cr0 |= bit(32); }));
}

TEST_CASE("CR3 and CR4: reserved bits") {
  CHECK(accepted([](GuestMachine& m) { m.block.save.cr3 |= bit(3); }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cr3 |= bit(52); }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cr4 |= bit(13); }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cr4 |= bit(40); }));
}

TEST_CASE("DR6 and DR7: upper halves") {
  CHECK(!accepted([](GuestMachine& m) { m.block.save.dr6 |= bit(32); }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.dr7 |= bit(63); }));
}

TEST_CASE("long mode under paging needs PAE and PE, and CS.L and CS.D exclude each other") {
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cr4 &= ~cr4::kPae; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cr0 &= ~cr0::kPe; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.save.cs.attributes |= 1 << 10; }));
}

TEST_CASE("controls: the VMRUN intercept, the ASID, the maps") {
  CHECK(!accepted([](GuestMachine& m) { m.intercept(Exit::Vmrun, false); }));
  CHECK(!accepted([](GuestMachine& m) { m.block.control.asid = 0; }));
  CHECK(accepted([](GuestMachine& m) { m.block.control.asid = 7; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.control.asid = 0x8000; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.control.io_map = bit(40) - 0x2000; }));  // 40 address bits
  CHECK(accepted([](GuestMachine& m) { m.block.control.io_map = bit(40) - 0x3000; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.control.msr_map = bit(40) - 0x1000; }));
  // A map may not extend to the last address either: "greater than or equal to the maximum supported
  // physical address". That of ports has 64 K + 3 bits, that of MSRs all of its two pages.
  CHECK(!accepted([](GuestMachine& m) { m.block.control.msr_map = bit(40) - 0x2000; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.control.msr_map = bit(40) - 0x1001; }));
  CHECK(accepted(
      [](GuestMachine& m) { m.block.control.msr_map = (bit(40) - 0x3000) | 0xFFF; }));  // low bits ignored
  CHECK(accepted([](GuestMachine& m) { m.block.control.io_map = bit(40) - 0x2001; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.control.io_map = ~u64{0}; }));
  CHECK(!accepted([](GuestMachine& m) { m.block.control.msr_map = ~u64{0}; }));
}

TEST_CASE("event injection: types and vectors that exist") {
  const auto injection = [](u64 word) {
    return [word](GuestMachine& m) { m.block.control.event_injection = word; };
  };
  constexpr u64 kValid = bit(31);
  for (const u64 type : {1, 5, 6, 7}) CHECK(!accepted(injection(kValid | type << 8 | 0x20)));
  CHECK(accepted(injection(u64{1} << 8 | 0x20)));    // not valid: not looked at
  CHECK(!accepted(injection(kValid | 3 << 8 | 2)));  // NMI is not an exception
  CHECK(!accepted(injection(kValid | 3 << 8 | 32)));
  CHECK(!accepted(injection(kValid | 3 << 8 | 4)));  // INTO, BOUND: not in 64-bit mode
  CHECK(!accepted(injection(kValid | 3 << 8 | 5)));
  CHECK(accepted(injection(kValid | 3 << 8 | 6)));
}

TEST_CASE("nested paging: the host's paging, the root, the guest's PAT") {
  CHECK(accepted([](GuestMachine& m) { m.nested_paging(); }));
  CHECK(!accepted([](GuestMachine& m) { m.nested_paging(), m.block.control.nested_root |= bit(45); }));
  CHECK(!accepted([](GuestMachine& m) { m.nested_paging(), m.block.save.gpat = 2; }));
  CHECK(accepted([](GuestMachine& m) { m.block.save.gpat = 2; }));  // not looked at without nested paging
  CHECK(!accepted([](GuestMachine& m) { m.nested_paging(); }, amd_without({"npt"})));
  const auto unpaged_host = [](bool nested) {
    return [nested](GuestMachine& m) {
      m.protected_mode();
      m.cpu().efer = efer::kSvme;
      m.guest_protected();
      if (nested) m.nested_paging();
    };
  };
  CHECK(accepted(unpaged_host(false)));
  CHECK(!accepted(unpaged_host(true)));
}

// Catches VMRUN and its companions without their own checks.
TEST_CASE("VMRUN, VMLOAD, VMSAVE: EFER.SVME, CPL and the address") {
  for (const u8 last : {u8{0xD8}, u8{0xDA}, u8{0xDB}}) {
    GuestMachine m;
    m.cpu().gpr[arch::kRax] = kVmcb + 8;
    CHECK(m.run({0x0F, 0x01, last}) == 13);
    GuestMachine beyond;
    beyond.cpu().gpr[arch::kRax] = bit(40);
    CHECK(beyond.run({0x0F, 0x01, last}) == 13);
    GuestMachine off;
    off.cpu().efer &= ~efer::kSvme;
    CHECK(off.run({0x0F, 0x01, last}) == 6);
    GuestMachine user;
    user.user();
    CHECK(user.run({0x0F, 0x01, last}) == 13);
  }
}
