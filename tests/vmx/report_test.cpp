// What observers are told of entries and exits, and what their cycles are charged to.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/mmu/vpid.hpp"

using namespace hvlab;
using namespace hvlab::test;
using observe::Account;
using observe::EventKind;

namespace {

struct Listener final : observe::Observer {
  std::vector<observe::Event> events;
  void on_event(const observe::Event& e) override {
    if (e.kind == EventKind::VmEntry || e.kind == EventKind::VmExit || e.kind == EventKind::VmExitDetail)
      events.push_back(e);
  }
};

timing::Profile with_costs() {
  timing::Profile p = intel_everything();
  p.vm_entry = 500;
  p.vm_exit = 700;
  return p;
}

u64 charged(GuestMachine& m, Account account) {
  return m.processor->ledger().total(account, m.processor->cycles());
}

}  // namespace

// Catches an exit whose cycles or whose RIP are the host's, and details that are another reason's.
TEST_CASE("each entry and exit is reported, with the guest's cycles") {
  GuestMachine m(with_costs());
  Listener listener;
  m.cpu().observer = &listener;
  m.ept();
  CHECK(m.enter({0x90, 0x90, 0x90}) == code_of(ExitReason::Hlt));
  REQUIRE(listener.events.size() == 3);
  CHECK(listener.events[0].kind == EventKind::VmEntry);
  CHECK(listener.events[0].a == kVmcs);
  CHECK(listener.events[0].b == (kEpt | 3 << 3 | 6));
  CHECK(listener.events[1].kind == EventKind::VmExit);
  CHECK(listener.events[1].a == arch::vmx::exit_code(12));
  CHECK(listener.events[1].rip == kGuestCode + 3);
  CHECK(listener.events[2].kind == EventKind::VmExitDetail);
  CHECK(listener.events[2].a == 0);
  CHECK(listener.events[2].b == 3);
  listener.events.clear();
  m.poke<u64>(m.ept_pte(0x70'0000), 0);
  mmu::flush_vpid(m.cpu(), 0);
  m.again({0xA1, 0x08, 0, 0x70, 0, 0, 0, 0, 0});
  REQUIRE(listener.events.size() == 3);
  CHECK(listener.events[1].b == m.qualification());
  CHECK(listener.events[2].a == 0x70'0008);
  listener.events.clear();
  m.intercept_exception(6);
  m.again({0x0F, 0x0B});
  REQUIRE(listener.events.size() == 3);
  CHECK(listener.events[2].a == event_word(3, 6));
  listener.events.clear();
  m[Field::GuestRflags] = 0;
  m.again({0x90});
  REQUIRE(listener.events.size() == 3);
  CHECK(listener.events[1].a == arch::vmx::exit_code(u32{33} | u32{1} << 31));
  listener.events.clear();
  m[Field::PinBasedControls] = 0;
  m.again({0x90});
  CHECK(listener.events.empty());
}

// Catches cycles of the world switch that are the guest's or the host's, and cycles that are lost.
TEST_CASE("entry and exit are world switch, and every cycle has an account") {
  GuestMachine m(with_costs());
  CHECK(m.enter({0x90, 0x90, 0x90}) == code_of(ExitReason::Hlt));
  CHECK(charged(m, Account::WorldSwitch) == 1200);
  CHECK(charged(m, Account::GuestKernel) == 3);
  CHECK(charged(m, Account::Hypervisor) > 0);
  CHECK(m.cpu().hypervisor);
  u64 sum = 0;
  for (size_t i = 0; i < observe::kAccounts; ++i) sum += charged(m, static_cast<Account>(i));
  CHECK(sum == m.processor->cycles());
}
