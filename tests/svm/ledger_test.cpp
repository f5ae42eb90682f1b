// What the cycles around a guest are charged to.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using observe::Account;

namespace {

u64 charged(GuestMachine& m, Account account) {
  return m.processor->ledger().total(account, m.processor->cycles());
}

/// The host's user mode runs three instructions and comes back by an exception.
void run_user(GuestMachine& m) {
  m.long_mode();
  m.cpu().gif = true;
  m.cpu().activity = cpu::Activity::Active;
  m.user();
  m.run({0x90, 0x90, 0x90});
}

void run_guest(GuestMachine& m) {
  m.long_mode();
  m.cpu().efer |= arch::efer::kSvme;
  m.settle();
  m.again({0x90});
}

}  // namespace

// Catches a monitor's user mode that is charged as any process', and one that is charged before it is one.
TEST_CASE("user mode is the monitor's once its address space has entered a guest") {
  GuestMachine m;
  observe::VmmSpaces spaces;
  m.cpu().vmm = observe::VmmView(&spaces);
  run_user(m);
  const u64 before = charged(m, Account::HostUser);
  CHECK(before > 0);
  CHECK(charged(m, Account::VmmProcess) == 0);
  run_guest(m);
  CHECK(charged(m, Account::GuestKernel) > 0);
  run_user(m);
  CHECK(charged(m, Account::HostUser) == before);
  CHECK(charged(m, Account::VmmProcess) == before);
  u64 sum = 0;
  for (size_t i = 0; i < observe::kAccounts; ++i) sum += charged(m, static_cast<Account>(i));
  CHECK(sum == m.processor->cycles());
}

// Catches system calls of a monitor that are charged as the handling of its guest's exits.
TEST_CASE("the hypervisor's time ends when the host's user mode runs") {
  GuestMachine m;
  m.enter({0x90});
  const u64 host = charged(m, Account::HostKernel);
  run_user(m);  // comes back to the kernel by an exception
  CHECK(charged(m, Account::HostKernel) > host);
  CHECK_FALSE(m.cpu().hypervisor);
}

// Catches handling of an exit that is charged to the host, and a host that is charged as hypervisor for ever.
TEST_CASE("the hypervisor's time ends when the host's address space changes") {
  GuestMachine m;
  m.enter({0x90});
  const u64 host = charged(m, Account::HostKernel);
  const auto go_on = [&](std::initializer_list<u8> bytes) {
    m.cpu().rip = kCode;
    m.cpu().gif = true;
    m.cpu().activity = cpu::Activity::Active;
    m.run(bytes);
  };
  go_on({0x90, 0x90});
  CHECK(charged(m, Account::HostKernel) == host);
  CHECK(charged(m, Account::Hypervisor) > 0);
  m.poke<u64>(0xB000, m.peek<u64>(kTables));          // another top-level table
  go_on({0xB8, 0x00, 0xB0, 0, 0, 0x0F, 0x22, 0xD8});  // MOV EAX, B000h; MOV CR3, RAX
  const u64 hypervisor = charged(m, Account::Hypervisor);
  go_on({0x90, 0x90});
  CHECK(charged(m, Account::Hypervisor) == hypervisor);
  CHECK(charged(m, Account::HostKernel) > host);
}

// Catches a management VM that is charged as any guest, a guest that is taken for it because it says so
// itself, and cycles that are lost or counted twice between the accounts.
TEST_CASE("the management VM's time is its own where its hypervisor marks its control block") {
  GuestMachine m;
  observe::VmmSpaces spaces;
  m.cpu().vmm = observe::VmmView(&spaces);
  const auto mark = [&](u8 kind, u64 second, u64 third) {
    m.long_mode();
    m.cpu().gif = true;
    m.cpu().activity = cpu::Activity::Active;
    m.cpu().gpr[arch::kRdi] = kVmcb;
    m.cpu().gpr[arch::kRsi] = second;
    m.cpu().gpr[arch::kRdx] = third;
    m.run({0x0F, 0x1F, 0x80, kind, 0x00, 0x56, 0x48});
  };
  run_guest(m);
  const u64 guest = charged(m, Account::GuestKernel);
  CHECK(charged(m, Account::ManagementVmKernel) == 0);
  mark(0x02, 0, 1);  // the control block is the management VM's
  run_guest(m);
  CHECK(charged(m, Account::GuestKernel) == guest);
  CHECK(charged(m, Account::ManagementVmKernel) > 0);
  mark(0x02, 0, 0);
  const u64 management = charged(m, Account::ManagementVmKernel);
  m.block.save.rip = kGuestCode;
  m.long_mode();
  m.cpu().efer |= arch::efer::kSvme;
  m.settle();
  m.enter({0xBF, 0x00, 0x00, 0x00, 0x00, 0xBA, 0x01, 0x00, 0x00, 0x00,  // MOV EDI, 0; MOV EDX, 1
           0x0F, 0x1F, 0x80, 0x02, 0x00, 0x56, 0x48});
  CHECK_FALSE(spaces.management(0));
  CHECK(charged(m, Account::ManagementVmKernel) == management);
  const u64 host = charged(m, Account::HostKernel);
  mark(0x03, 0, 0);  // there is no kernel of a host
  const u64 before = charged(m, Account::HostKernel);
  CHECK(before >= host);
  m.long_mode();
  m.cpu().activity = cpu::Activity::Active;
  m.run({0x90, 0x90});
  CHECK(charged(m, Account::HostKernel) == before);
  u64 sum = 0;
  for (size_t i = 0; i < observe::kAccounts; ++i) sum += charged(m, static_cast<Account>(i));
  CHECK(sum == m.processor->cycles());
}
