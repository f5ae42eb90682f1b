// What VM entry need not ask again (vmx::Settled): nothing that anybody may have changed since.
#include "entry_state.hpp"
#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using enum Control;
using M = EntryMachine;

namespace {

Verdict judge(const M& m, vmx::Settled* settled) {
  return m.with_state([&](const vmx::EntryState& e) {
    const Verdict first = vmx::check_controls_and_host(e, settled);
    return first.pass() ? vmx::check_guest(e, settled) : first;
  });
}

bool alike(const Verdict& a, const Verdict& b) {
  return a.kind == b.kind && a.section == b.section && a.rule == b.rule && a.segment == b.segment;
}

/// The same verdict with what has `settled` as without.
bool hides_nothing(const M& m, vmx::Settled settled) { return alike(judge(m, &settled), judge(m, nullptr)); }

/// VTPR's bits 7:4 count.
void threshold_counts(M& m) {
  m.clear({VirtualInterruptDelivery, VirtualizeApicAccesses, ProcessPostedInterrupts,
           ApicRegisterVirtualization});
  m[Field::TprThreshold] = 5;
  m.poke<u8>(kApicPage + 0x80, 0x50);
}

constexpr Change kStates[] = {nothing,
                              [](M& m) { m.protected_guest(); },
                              [](M& m) { m.pae_guest(); },
                              [](M& m) { m.virtual_8086_guest(); },
                              [](M& m) { m.real_guest(); },
                              [](M& m) { m.user_guest(); },
                              threshold_counts};

}  // namespace

// Catches a field that a rule looks at and whose change is not noticed.
TEST_CASE("no change of a bit of the VMCS is hidden by what has settled") {
  for (const Change state : kStates) {
    M m;
    state(m);
    vmx::Settled settled;
    REQUIRE(judge(m, &settled).pass());
    for (size_t n = 0; n < arch::vmx::kFields; ++n) {
      INFO(n);
      u64& field = m.vmcs.field[n];
      const u64 before = field;
      bool right = true;
      for (unsigned changed = 0; changed < 64; ++changed) {
        field = before ^ bit(changed);
        right = right && hides_nothing(m, settled);
      }
      for (const u64 value : {u64{0}, ~u64{0}, before + 1, before - 1}) {
        field = value;
        right = right && hides_nothing(m, settled);
      }
      CHECK(right);
      field = before;
    }
  }
}

// Catches memory and the processor's mode left out.
TEST_CASE("what rules look at besides the VMCS is not hidden either") {
  M m;
  threshold_counts(m);
  vmx::Settled settled;
  REQUIRE(judge(m, &settled).pass());
  m.poke<u8>(kApicPage + 0x80, 0x40);
  CHECK_FALSE(judge(m, nullptr).pass());
  CHECK(hides_nothing(m, settled));
  m.poke<u8>(kApicPage + 0x80, 0x50);
  m.cpu->efer &= ~arch::efer::kLma;
  CHECK_FALSE(judge(m, nullptr).pass());
  CHECK(hides_nothing(m, settled));
}

// Catches rules that settle although they did not hold, and a memory that is of no use.
TEST_CASE("rules settle when they have held") {
  M m;
  vmx::Settled settled;
  const auto asks = [&] {
    return m.with_state([&](const vmx::EntryState& e) {
      return std::pair(!settled.controls_and_host(e), !settled.guest_registers(e));
    });
  };
  CHECK(asks() == std::pair(true, true));
  m[Field::HostCr4] = 0;
  m[Field::GuestTrAccessRights] = 0;
  judge(m, &settled);
  CHECK(asks() == std::pair(true, true));
  M good;
  m.vmcs = good.vmcs;
  REQUIRE(judge(m, &settled).pass());
  CHECK(asks() == std::pair(false, false));
  m[Field::GuestRip] += 4, m[Field::GuestRsp] -= 8, m[Field::GuestRflags] |= 1;  // what every exit changes
  CHECK(asks() == std::pair(false, false));
  m[Field::HostCr3] += 0x1000;
  CHECK(asks() == std::pair(true, false));
  m[Field::GuestGsBase] += 8;
  CHECK(asks() == std::pair(true, true));
}

// Catches what one region has settled taken for another's, or for what the same region holds by now.
TEST_CASE("what has settled is of the words alone, whichever region they are in") {
  GuestMachine m;
  CHECK(m.enter({0x90}) == code_of(ExitReason::Hlt));
  m.vmcs(kOtherVmcs) = m.vmcs();
  m.vmcs(kOtherVmcs)[Field::HostCr4] = 0;
  CHECK(m.execute(kVmclear, kOtherVmcs) == Ended::Succeed);
  CHECK(m.execute(kVmptrld, kOtherVmcs) == Ended::Succeed);
  CHECK(m.fails(8, kVmlaunch, 0));
  CHECK(m.execute(kVmptrld, kVmcs) == Ended::Succeed);
  CHECK(m.again({0x90}) == code_of(ExitReason::Hlt));
  CHECK(m.execute(kVmclear, kVmcs) == Ended::Succeed);
  m.vmcs() = m.vmcs(kOtherVmcs);  // by memory accesses
  CHECK(m.execute(kVmptrld, kVmcs) == Ended::Succeed);
  CHECK(m.fails(8, kVmlaunch, 0));
}
