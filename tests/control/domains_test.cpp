// Xen's domains as the processor's own doings tell them. Addresses, slots and numbers of hypercalls are typed
// from Xen's public headers and its memory layout.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/observe/vmm_spaces.hpp"

using namespace hvlab;
using namespace hvlab::test;
using observe::Account;
using observe::EventKind;

namespace {

constexpr u64 kText = 0xFFFF'82D0'4000'0000;  // physical 0 is mapped there, and at kUpper
constexpr u64 kUpper = 0xFFFF'8800'0000'0000, kDomainArea = 0xFFFF'8200'0000'0000;
constexpr u64 kGuestCode = 0x18'0000, kCallEntry = 0x11'0000;
constexpr u64 kPages = 0x6'0000;  // of the tables made here
constexpr u64 kTextTables = kPages, kFirstDomain = kPages + 0x2000,
              kSecondDomain = kPages + 0x5000;  // domains
constexpr u64 kOther = kPages + 0x8000;         // another top-level table

struct Record final : observe::Observer {
  std::vector<observe::Event> events;
  void on_event(const observe::Event& e) override { events.push_back(e); }
  std::vector<observe::Event> of(EventKind kind) const {
    std::vector<observe::Event> some;
    for (const auto& e : events)
      if (e.kind == kind) some.push_back(e);
    return some;
  }
};

/// Long mode with Xen's layout; the first domain's tables and virtual processor 0 are loaded.
struct XenMachine : Machine {
  observe::VmmSpaces spaces;
  Record record;

  XenMachine() {
    long_mode();
    cpu().vmm = observe::VmmView(&spaces);
    cpu().observer = &record;
    cpu().star = u64{0x30} << 48 | u64{0x08} << 32;
    cpu().lstar = kText + kCallEntry;
    poke<u8>(kCallEntry, 0xF4);
    poke<u64>(kTextTables + 321 * 8, (kTextTables + 0x1000) | 7);
    poke<u64>(kTextTables + 0x1000, 0x87);  // a page of 2 MiB
    domain(kFirstDomain);
    domain(kSecondDomain);
    top(kTables, kFirstDomain, true);
    gdt(0);
    settle();
  }
  /// Per-domain mappings: the GDTs of virtual processors 0 and 3.
  void domain(u64 table) {
    poke<u64>(table, (table + 0x1000) | 7);
    poke<u64>(table + 0x1000, (table + 0x2000) | 7);
    for (const unsigned n : {0U, 3U}) poke<u64>(table + 0x2000 + n * 32 * 8, kGdt | 7);
  }
  void top(u64 table, u64 of_domain, bool linear) {
    poke<u64>(table, (kTables + 0x1000) | 7);
    poke<u64>(table + 272 * 8, (kTables + 0x1000) | 7);
    poke<u64>(table + 261 * 8, kTextTables | 7);
    poke<u64>(table + 260 * 8, of_domain | 7);
    poke<u64>(table + 258 * 8, linear ? table | 3 : 0);
  }
  void gdt(unsigned vcpu) { cpu().gdtr = {kDomainArea + (u64{vcpu} << 17), 0x7F}; }

  int run_at(u64 address, std::initializer_list<u8> bytes) {
    const u64 at = address & 0xFF'FFFF;
    write(at, std::span<const u8>(bytes.begin(), bytes.size()));
    poke<u8>(at + bytes.size(), 0xF4);
    execute::memory_written(*code, at, bytes.size() + 1);
    cpu().activity = cpu::Activity::Active;
    cpu().rip = address;
    return go();
  }
  void load_cr3(u64 from, u64 table) {
    cpu().gpr[arch::kRax] = table;
    run_at(from + kCode, {0x0F, 0x22, 0xD8});
  }
  /// Xen returns to ring 3 at `address`, where `bytes` stand.
  int enter(u64 address, std::initializer_list<u8> bytes) {
    const u64 at = address & 0xFF'FFFF;
    write(at, std::span<const u8>(bytes.begin(), bytes.size()));
    execute::memory_written(*code, at, bytes.size());
    const u64 frame[] = {address, kUserCode64, 2, kStack - 0x2000, kUserData};
    for (unsigned i = 0; i < 5; ++i) poke<u64>(kStack - 0x100 + i * 8, frame[i]);
    cpu().gpr[arch::kRsp] = kStack - 0x100;
    record.events.clear();
    return run_at(kText + kCode, {0x48, 0xCF});
  }
  u64 charged(Account account) { return processor->ledger().total(account, processor->cycles()); }
};

constexpr u64 pv(u64 number) { return u64{2} << 32 | number; }

}  // namespace

// Catches any kernel with a table that maps itself being taken for Xen, and Xen not being recognised.
TEST_CASE("Xen is recognised when its own code loads a table that maps itself where Xen's do") {
  XenMachine m;
  m.load_cr3(0, kTables);  // code elsewhere
  CHECK(m.spaces.domains() == nullptr);
  m.top(kOther, kFirstDomain, false);
  m.load_cr3(kText, kOther);  // not mapped by itself
  CHECK(m.spaces.domains() == nullptr);
  CHECK(m.charged(Account::Hypervisor) == 0);
  m.record.events.clear();
  m.load_cr3(kText, kTables);
  CHECK(m.spaces.domains() != nullptr);
  const auto marks = m.record.of(EventKind::Mark);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].a == 3);  // "hypervisor", at privilege level 0, outside guests
  const u64 host = m.charged(Account::HostKernel);
  m.run_at(kText + kCode, {0x90, 0x90});
  CHECK(m.charged(Account::HostKernel) == host);
  CHECK(m.charged(Account::Hypervisor) > 0);
}

// Catches a wrong reason, one that is told of the handler and not of the guest's instruction, a guest's
// kernel taken for its user, and events and ledger that differ.
TEST_CASE("ways from ring 3 into Xen are exits of a virtual processor, and ways back are entries") {
  struct Row {
    u64 at;
    std::initializer_list<u8> bytes;
    u64 rax, rdi, code, info1;
  };
  const Row rows[] = {
      {kUpper, {0x90, 0x0F, 0x05}, 1, 1, pv(0x22), 1},             // SYSCALL of the kernel: mmu_update
      {kUpper, {0x90, 0xCD, 0x82}, 23, 0, pv(0x22), 23},           // INT 82h: iret
      {kUpper, {0x90, 0x0F, 0x05}, 29, 1, pv(0x23), 29},           // sched_op: block
      {kUpper, {0x90, 0x0F, 0x05}, 29, 3, pv(0x23), 29},           // poll
      {kUpper, {0x90, 0x0F, 0x05}, 29, 0, pv(0x24), 29},           // yield
      {kUpper, {0x90, 0x0F, 0x05}, 29, 2, pv(0x22), 29},           // shutdown
      {0, {0x90, 0x0F, 0x05}, 39, 0, pv(0x25), 39},                // a program's system call
      {0, {0x90, 0xCD, 0x82}, 1, 0, pv(0x26), 0x82},               // not its to call
      {0, {0x90, 0xCD, 0x80}, 1, 0, pv(0x26), 0x80},               //
      {kUpper, {0x90, 0xF4}, 0, 0, pv(13), 0},                     // HLT
      {kUpper, {0x90, 0x0F, 0x0B}, 0, 0, pv(6), 0},                // UD2
      {0, {0x90, 0xF7, 0xF0}, 0, 0, pv(0), 0},                     // DIV EAX: by 0
      {kUpper, {0x90, 0x8A, 0x00}, 0x7F'0000'0000, 0, pv(14), 4},  // MOV AL, [RAX]: not mapped, user
  };
  for (const Row& row : rows) {
    CAPTURE(row.at, row.code, row.rax);
    XenMachine m;
    m.load_cr3(kText, kTables);
    m.cpu().gpr[arch::kRax] = row.rax;
    m.cpu().gpr[arch::kRdi] = row.rdi;
    const u64 before = m.charged(Account::ManagementVmKernel) + m.charged(Account::ManagementVmUser);
    m.enter(row.at + kGuestCode, row.bytes);
    const auto entries = m.record.of(EventKind::VmEntry), exits = m.record.of(EventKind::VmExit),
               details = m.record.of(EventKind::VmExitDetail), rings = m.record.of(EventKind::RingChange);
    REQUIRE((entries.size() == 1 && exits.size() == 1 && details.size() == 1));
    CHECK(entries[0].a == kFirstDomain);
    CHECK(entries[0].b == kFirstDomain);
    CHECK(exits[0].a == row.code);
    CHECK(exits[0].b == row.info1);
    CHECK(exits[0].rip == row.at + kGuestCode + 1);
    if (row.code == pv(14)) CHECK(details[0].a == row.rax);
    // The virtual processor was in its kernel: rings are told as it sees them.
    CHECK(rings.size() == (row.at == 0 ? 1 : 0));
    if (row.at == 0) CHECK((rings[0].a == 0 && rings[0].b == 3));
    const Account account = row.at == 0 ? Account::ManagementVmUser : Account::ManagementVmKernel;
    CHECK(details[0].b > 0);
    CHECK(m.charged(account) - before == details[0].b);
    CHECK(m.cpu().domain == nullptr);
  }
}

// Catches domains or virtual processors that are taken for each other, and every domain taken for dom0.
TEST_CASE("a domain is its per-domain table, a virtual processor its GDT, and dom0 ran first") {
  XenMachine m;
  m.load_cr3(kText, kTables);
  m.enter(kUpper + kGuestCode, {0x0F, 0x0B});
  auto marks = m.record.of(EventKind::Mark), details = m.record.of(EventKind::MarkDetail);
  REQUIRE(marks.size() == 1);
  CHECK((marks[0].a == 2 && marks[0].b == kFirstDomain));  // "control-block"
  CHECK((details[0].a == 1 << 16 && details[0].b == 1));   // machine 1, number 0: the management VM
  m.gdt(3);
  m.enter(kUpper + kGuestCode, {0x0F, 0x0B});
  marks = m.record.of(EventKind::Mark), details = m.record.of(EventKind::MarkDetail);
  REQUIRE(marks.size() == 1);
  CHECK((marks[0].b == kFirstDomain + 3 && details[0].a == (1 << 16 | 3)));
  const u64 management = m.charged(Account::ManagementVmKernel);
  CHECK(m.charged(Account::GuestKernel) == 0);
  m.top(kOther, kSecondDomain, true);
  m.load_cr3(kText, kOther);
  m.gdt(0);
  m.enter(kUpper + kGuestCode, {0x0F, 0x0B});
  CHECK(m.record.of(EventKind::Mark).empty());
  const auto entries = m.record.of(EventKind::VmEntry);
  REQUIRE(entries.size() == 1);
  CHECK((entries[0].a == kSecondDomain && entries[0].b == kSecondDomain));
  CHECK(m.charged(Account::ManagementVmKernel) == management);
  CHECK(m.charged(Account::GuestKernel) > 0);
}

// Catches a guest's processes taken for its hypervisor's address spaces, and a switch of domains that is not.
TEST_CASE("an address space of the same domain is the guest's, told once it runs") {
  XenMachine m;
  m.load_cr3(kText, kTables);
  m.enter(kUpper + kGuestCode, {0x0F, 0x0B});
  m.record.events.clear();
  m.top(kOther, kFirstDomain, true);
  m.load_cr3(kText, kOther);
  CHECK(m.record.of(EventKind::AddressSpace).empty());
  m.enter(kUpper + kGuestCode, {0x0F, 0x0B});
  REQUIRE(m.record.of(EventKind::AddressSpace).size() == 1);
  CHECK(m.record.of(EventKind::AddressSpace)[0].a == kOther);
  m.record.events.clear();
  m.top(kOther + 0x1000, kSecondDomain, true);
  m.load_cr3(kText, kOther + 0x1000);
  CHECK(m.record.of(EventKind::AddressSpace).size() == 1);
}

// Catches a guest that looks like Xen and makes domains for ever, which would fill the host's memory.
TEST_CASE("the domains that are known are bounded") {
  observe::Domains domains;
  constexpr size_t kMost = observe::Domains::kMost;
  for (size_t i = 1; i <= kMost; ++i) REQUIRE(domains.vcpu(i << 12, 0) != nullptr);
  CHECK(domains.vcpu((kMost + 1) << 12, 0) == nullptr);
  CHECK(domains.vcpu(1 << 12, 1) == nullptr);
  REQUIRE(domains.vcpu(1 << 12, 0) != nullptr);
  CHECK(domains.vcpu(1 << 12, 0)->management);
  CHECK_FALSE(domains.vcpu(2 << 12, 0)->management);
}
