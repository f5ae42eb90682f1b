// Nested paging (APM vol. 2, 15.25).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

namespace {

constexpr u64 kPage = 0x70'0000;
constexpr std::initializer_list<u8> kLoad = {0xA1, 0x00, 0x00, 0x70, 0, 0, 0, 0, 0};  // MOV EAX, [700000h]
constexpr std::initializer_list<u8> kStore = {0x31, 0xC0, 0xA3, 0x00, 0x00, 0x70,
                                              0,    0,    0,    0,    0};  // XOR EAX, EAX; MOV [..], EAX
constexpr u64 kFinal = bit(32), kTables_ = bit(33);

struct Nested : GuestMachine {
  explicit Nested(timing::Profile p = amd_everything()) : GuestMachine(std::move(p)) { nested_paging(); }
};

void expect_fault(GuestMachine& m, u64 info1, u64 info2) {
  CHECK(m.block.control.exit_code == code_of(Exit::NestedPageFault));
  CHECK(m.block.control.exit_info1 == info1);
  CHECK(m.block.control.exit_info2 == info2);
}

}  // namespace

// Catches a second stage that is not applied at all.
TEST_CASE("guest-physical addresses go through the nested tables") {
  Nested m;
  m.poke<u64>(m.nested_pte(kPage), 0x60'0007);
  m.poke<u32>(0x60'0000, 0xCAFE);
  CHECK(m.enter(kLoad) == code_of(Exit::Hlt));
  CHECK(m.block.save.rax == 0xCAFE);
  CHECK((m.peek<u64>(m.nested_pte(kPage)) & 0x60) == 0x20);  // accessed, not dirty
  m.block.save.rip = kGuestCode;
  CHECK(m.enter(kStore) == code_of(Exit::Hlt));
  CHECK(m.peek<u32>(0x60'0000) == 0);
  CHECK((m.peek<u64>(m.nested_pte(kPage)) & 0x60) == 0x60);
}

// Catches wrong information about a fault at the final address.
TEST_CASE("nested faults at the final address: present, write, user, reserved, fetch") {
  Nested m;
  m.poke<u64>(m.nested_pte(kPage), 0);
  m.enter(kLoad);
  expect_fault(m, kFinal | 4, kPage);
  CHECK(m.block.save.rip == kGuestCode);
  CHECK(m.block.control.fetched == 15);
  CHECK(m.block.control.instruction[0] == 0xA1);
  m.enter(kStore);
  expect_fault(m, kFinal | 6, kPage);
  m.block.save.rip = kGuestCode;
  m.poke<u64>(m.nested_pte(kPage), kPage | 5);  // read-only
  m.enter(kStore);
  expect_fault(m, kFinal | 7, kPage);
  m.block.save.rip = kGuestCode;
  m.poke<u64>(m.nested_pte(kPage), kPage | 3);  // supervisor: all nested accesses are the user's
  m.enter(kLoad);
  expect_fault(m, kFinal | 5, kPage);
  m.block.save.rip = kGuestCode;
  m.poke<u64>(m.nested_pte(kPage), kPage | 7 | bit(51));
  m.enter(kLoad);
  expect_fault(m, kFinal | 13, kPage);
  Nested fetch;
  fetch.poke<u64>(fetch.nested_pte(kGuestCode), kGuestCode | 7 | bit(63));
  fetch.enter({0x90});
  expect_fault(fetch, kFinal | 0x15, kGuestCode);
  CHECK(fetch.block.control.fetched == 0);
}

// Catches a fetch told where the host's paging knows none: neither NX nor SMEP (15.25.6).
TEST_CASE("a nested fault tells a fetch under the host's NX or SMEP only") {
  for (const u64 nx : {u64{0}, arch::efer::kNxe}) {
    for (const u64 smep : {u64{0}, arch::cr4::kSmep}) {
      Nested m;
      m.cpu().efer = (m.cpu().efer & ~arch::efer::kNxe) | nx;
      m.cpu().cr4 |= smep;
      // The host's own pages are the user's, which SMEP forbids to fetch from.
      for (u64 n = 0; n < 8 << 8; ++n) m.poke<u64>(m.pte_address(n << 12), n << 12 | 3);
      m.settle();
      m.poke<u64>(m.nested_pte(kGuestCode), 0);
      m.enter({0x90});
      expect_fault(m, kFinal | 4 | (nx != 0 || smep != 0 ? 0x10 : 0), kGuestCode);
      CHECK(m.block.control.fetched == 0);
    }
  }
}

// Catches reserved bits that go unnoticed, at any level.
TEST_CASE("reserved bits in nested tables: at each level") {
  struct Bit {
    u64 entry, bits_of;
  };
  const u64 directory = kNested + 0x2000 + (kPage >> 21) * 8;
  for (const Bit& b : {Bit{kNested, bit(7)}, Bit{kNested, bit(8)}, Bit{kNested, bit(45)},
                       Bit{kNested + 0x1000, bit(50)}, Bit{kNested + 0x1000, bit(7) | bit(13)}}) {
    Nested m;
    m.poke<u64>(b.entry, m.peek<u64>(b.entry) | b.bits_of);
    m.enter({0x90});
    expect_fault(m, kTables_ | 0xF, kTables);
  }
  for (const Bit& b :
       {Bit{directory, bit(41)}, Bit{directory, bit(7) | bit(20)}, Bit{directory, bit(7) | bit(13)},
        Bit{kNested + 0x3000 + (kPage >> 12) * 8, bit(40)}}) {
    Nested m;
    m.poke<u64>(b.entry, m.peek<u64>(b.entry) | b.bits_of);
    m.enter(kLoad);
    expect_fault(m, kFinal | 0xD, kPage);
  }
  Nested no_nx;
  no_nx.cpu().efer &= ~arch::efer::kNxe;
  no_nx.settle();
  no_nx.poke<u64>(no_nx.nested_pte(kPage), kPage | 7 | bit(63));
  no_nx.enter(kLoad);
  expect_fault(no_nx, kFinal | 0xD, kPage);
}

// Catches guest tables read with the access's own kind: they are written to, as the walk sets bits in them.
TEST_CASE("nested faults in the guest's tables are writes") {
  Nested m;
  const u64 table = align_down(m.pte_address(kPage), 4096);
  m.poke<u64>(m.nested_pte(table), table | 5);
  m.enter(kLoad);
  expect_fault(m, kTables_ | 7, m.pte_address(kPage));
  Nested root;
  root.poke<u64>(root.nested_pte(kTables), 0);
  root.enter({0x90});
  expect_fault(root, kTables_ | 6, kTables + 0);
}

// Catches a guest fault reported as nested, or the other way round.
TEST_CASE("the guest's own page faults are its own") {
  Nested m;
  m.poke<u64>(m.pte_address(kPage), 0);
  m.intercept_exception(14);
  CHECK(m.enter(kLoad) == 0x40 + 14);
  CHECK(m.block.control.exit_info2 == kPage);
}

// Catches an event lost in a nested fault on its way to the handler.
TEST_CASE("a nested fault in delivery tells the event") {
  Nested m;
  m.poke<u64>(m.nested_pte(kIdt), 0);
  m.enter({0x0F, 0x0B});
  expect_fault(m, kFinal | 4, kIdt + 6 * 16);
  CHECK(m.block.control.exit_interrupt_info == (bit(31) | 3 << 8 | 6));
}

// Catches a combined page that is larger than one of the two, or an address put together wrongly.
TEST_CASE("all combinations of page sizes of both stages") {
  for (const unsigned guest_shift : {12u, 21u, 30u}) {
    for (const unsigned nested_shift : {12u, 21u, 30u}) {
      INFO(guest_shift << " under " << nested_shift);
      Nested m;
      if (guest_shift == 21)
        for (u64 n = 0; n < 4; ++n) m.poke<u64>(kTables + 0x2000 + n * 8, n << 21 | 0x87);
      if (guest_shift == 30) m.poke<u64>(kTables + 0x1000, 0x87);
      if (nested_shift == 21)
        for (u64 n = 0; n < 4; ++n) m.poke<u64>(kNested + 0x2000 + n * 8, n << 21 | 0x87);
      if (nested_shift == 30) m.poke<u64>(kNested + 0x1000, 0x87);
      if (nested_shift == 12) {  // two neighbours change places
        m.poke<u64>(m.nested_pte(kPage), (kPage + 0x1000) | 7);
        m.poke<u64>(m.nested_pte(kPage + 0x1000), kPage | 7);
      }
      const bool swapped = nested_shift == 12;
      m.poke<u32>(kPage + 4, 0x1111);
      m.poke<u32>(kPage + 0x1004, 0x2222);
      // MOV EBX, [700004h]; MOV ECX, [701004h]
      CHECK(m.enter({0x8B, 0x1C, 0x25, 0x04, 0, 0x70, 0, 0x8B, 0x0C, 0x25, 0x04, 0x10, 0x70, 0}) ==
            code_of(Exit::Hlt));
      CHECK(m.cpu().gpr[arch::kRbx] == (swapped ? 0x2222 : 0x1111));
      CHECK(m.cpu().gpr[arch::kRcx] == (swapped ? 0x1111 : 0x2222));
    }
  }
}

// Catches INVLPG that drops only one piece of a page that the second stage has cut.
TEST_CASE("INVLPG drops a large guest page with all its pieces") {
  Nested m;
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kTables + 0x2000 + n * 8, n << 21 | 0x87);
  m.poke<u32>(kPage + 4, 0x1111);
  m.poke<u32>(0x50'0004, 0x3333);
  // MOV EBX, [700004h]; MOV dword [42018h], 400087h (2 MiB further down); INVLPG [7FF000h]; MOV ECX,
  // [700004h]
  CHECK(m.enter({0x8B, 0x1C, 0x25, 0x04, 0,    0x70, 0,    0xC7, 0x04, 0x25, 0x18,
                 0x20, 0x04, 0,    0x87, 0,    0x40, 0,    0x0F, 0x01, 0x3C, 0x25,
                 0,    0xF0, 0x7F, 0,    0x8B, 0x0C, 0x25, 0x04, 0,    0x70, 0}) == code_of(Exit::Hlt));
  CHECK(m.cpu().gpr[arch::kRbx] == 0x1111);
  CHECK(m.cpu().gpr[arch::kRcx] == 0x3333);
}

// Catches translations that outlive TLB_CONTROL, or that an exit throws away.
TEST_CASE("translations are kept by ASID over exits, and dropped by TLB_CONTROL") {
  Nested m;
  m.poke<u32>(kPage, 0x1111);
  m.poke<u32>(0x60'0000, 0x2222);
  CHECK(m.enter(kLoad) == code_of(Exit::Hlt));
  m.poke<u64>(m.nested_pte(kPage), 0x60'0007);
  const auto again = [&](u32 asid, u8 command) {
    m.block.control.asid = asid;
    m.block.control.tlb_control = command;
    m.block.save.rip = kGuestCode;
    CHECK(m.enter() == code_of(Exit::Hlt));
    return m.block.save.rax;
  };
  CHECK(again(1, 0) == 0x1111);
  CHECK(again(2, 0) == 0x2222);
  CHECK(again(1, 0) == 0x1111);
  CHECK(again(2, 3) == 0x2222);
  CHECK(again(1, 0) == 0x1111);
  CHECK(again(1, 3) == 0x2222);
  m.poke<u64>(m.nested_pte(kPage), kPage | 7);
  CHECK(again(2, 0) == 0x2222);
  CHECK(again(1, 1) == 0x1111);
  CHECK(again(2, 0) == 0x1111);  // 1 drops everything
}

// Catches global pages of the guest dropped with the others, or kept where all must go.
TEST_CASE("TLB_CONTROL 7 keeps the guest's global pages, 3 does not") {
  Nested m;
  m.block.save.cr4 |= arch::cr4::kPge;
  m.poke<u64>(m.pte_address(kPage), kPage | 7 | bit(8));
  // MOV EBX, [700000h]; MOV ECX, [701000h]
  m.guest_code({0x8B, 0x1C, 0x25, 0, 0, 0x70, 0, 0x8B, 0x0C, 0x25, 0, 0x10, 0x70, 0});
  m.poke<u32>(0x60'0000, 0x2222);
  const auto run = [&](u8 command) {
    m.block.control.tlb_control = command;
    m.block.save.rip = kGuestCode;
    CHECK(m.enter() == code_of(Exit::Hlt));
  };
  run(0);
  m.poke<u64>(m.nested_pte(kPage), 0x60'0007);
  m.poke<u64>(m.nested_pte(kPage + 0x1000), 0x60'0007);
  run(7);
  CHECK(m.cpu().gpr[arch::kRbx] == 0);
  CHECK(m.cpu().gpr[arch::kRcx] == 0x2222);
  run(3);
  CHECK(m.cpu().gpr[arch::kRbx] == 0x2222);
}

// Catches a write that slips through on what a read has left in the TLB.
TEST_CASE("after a read, a write still looks at the second stage: for its permission and its dirty bit") {
  // MOV EBX, [700000h]; MOV [700000h], EBX
  const std::initializer_list<u8> kBoth = {0x8B, 0x1C, 0x25, 0, 0, 0x70, 0, 0x89, 0x1C, 0x25, 0, 0, 0x70, 0};
  Nested m;
  m.poke<u64>(m.pte_address(kPage), kPage | 0x67);
  CHECK(m.enter(kBoth) == code_of(Exit::Hlt));
  CHECK((m.peek<u64>(m.nested_pte(kPage)) & 0x60) == 0x60);
  Nested read_only;
  read_only.poke<u64>(read_only.pte_address(kPage), kPage | 0x67);
  read_only.poke<u64>(read_only.nested_pte(kPage), kPage | 0x65);
  read_only.enter(kBoth);
  expect_fault(read_only, kFinal | 7, kPage);
  CHECK(read_only.block.save.rip == kGuestCode + 7);
}

TEST_CASE("after a read, a fetch still looks at the second stage's NX") {
  Nested m;
  m.poke<u64>(m.nested_pte(kPage), kPage | 0x67 | bit(63));
  // MOV EBX, [700000h]; MOV EAX, 700000h; JMP RAX
  m.enter({0x8B, 0x1C, 0x25, 0, 0, 0x70, 0, 0xB8, 0, 0, 0x70, 0, 0xFF, 0xE0});
  expect_fault(m, kFinal | 0x15, kPage);
  CHECK(m.block.save.rip == kPage);
}

// Catches INVLPGA that drops another guest's page, or none.
TEST_CASE("INVLPGA drops one page of one ASID") {
  Nested m;
  m.poke<u32>(kPage, 0x1111);
  m.poke<u32>(0x60'0000, 0x2222);
  CHECK(m.enter(kLoad) == code_of(Exit::Hlt));
  m.poke<u64>(m.nested_pte(kPage), 0x60'0007);
  const auto drop = [&](u32 asid) {
    m.cpu().rip = kCode;
    m.cpu().activity = cpu::Activity::Active;
    m.cpu().gpr[arch::kRax] = kPage;
    m.cpu().gpr[arch::kRcx] = asid;
    m.run({0x0F, 0x01, 0xDF});
    m.block.save.rip = kGuestCode;
    CHECK(m.enter() == code_of(Exit::Hlt));
    return m.block.save.rax;
  };
  CHECK(drop(2) == 0x1111);
  CHECK(drop(1) == 0x2222);
}

// Catches code run from a page that the second stage has moved, or stores that code does not see.
TEST_CASE("a guest without paging is translated by the second stage alone") {
  Nested m;
  m.guest_real();
  m.poke<u64>(m.nested_pte(0x5000), 0x60'0007);
  m.poke<u16>(0x60'0010, 0xBEEF);
  m.block.save.rsp = 0x7000;
  CHECK(m.enter({0xA1, 0x10, 0x50}) == code_of(Exit::Hlt));  // MOV AX, [5010h]
  CHECK((m.block.save.rax & 0xFFFF) == 0xBEEF);
  m.poke<u64>(m.nested_pte(0x5000), 0);
  m.block.control.tlb_control = 3;
  m.block.save.rip = 0;
  m.enter();
  expect_fault(m, kFinal | 4, 0x5010);
}

// Catches the guest's PAT in the host's register.
TEST_CASE("the PAT of a guest with nested paging is its own") {
  Nested m;
  const u64 host = m.cpu().pat;
  m.block.save.gpat = 0x0606'0606'0606'0606;
  // MOV ECX, 277h; RDMSR; MOV EBX, EAX; MOV EAX, 0; MOV EDX, 0; WRMSR
  CHECK(m.enter({0xB9, 0x77, 2, 0, 0, 0x0F, 0x32, 0x89, 0xC3, 0x31, 0xC0, 0x31, 0xD2, 0x0F, 0x30}) ==
        code_of(Exit::Hlt));
  CHECK(m.cpu().gpr[arch::kRbx] == 0x0606'0606);
  CHECK(m.block.save.gpat == 0);
  CHECK(m.cpu().pat == host);
}

// Catches walks that are not charged for both stages: 4 + 5 * 4 references for a load under 4 KiB pages in
// both.
TEST_CASE("a two-dimensional walk costs its 24 references") {
  timing::Profile p = amd_everything();
  p.page_walk_reference = 100;
  Nested m(p);
  CHECK(m.enter({0x0F, 0x31, 0x89, 0xC3, 0x90, 0x0F, 0x31, 0x29, 0xD8}) == code_of(Exit::Hlt));
  const u64 without = m.block.save.rax;
  m.block.save.rip = kGuestCode;
  // RDTSC; MOV EBX, EAX; MOV CL, [RSI] ; RDTSC; SUB EAX, EBX
  m.cpu().gpr[arch::kRsi] = kPage;
  CHECK(m.enter({0x0F, 0x31, 0x89, 0xC3, 0x8A, 0x0E, 0x0F, 0x31, 0x29, 0xD8}) == code_of(Exit::Hlt));
  CHECK(m.block.save.rax - without == 2400);
}

namespace {

/// Gives the guest 32-bit code under its own paging mode.
void legacy_guest(GuestMachine& m, u64 cr4_value, u64 root) {
  arch::svm::SaveArea& s = m.block.save;
  s.efer = arch::efer::kSvme;
  s.cr0 |= arch::cr0::kPg;
  s.cr4 = cr4_value;
  s.cr3 = root;
  s.cs = {kCode32, 0xC9B, 0xFFFF'FFFF, 0};
}
constexpr std::initializer_list<u8> kLoad32 = {0xA1, 0x00, 0x00, 0x70, 0x00};  // MOV EAX, [700000h]

}  // namespace

// Catches PDPTEs taken from registers that nobody has loaded: under nested paging each walk reads them.
TEST_CASE("PAE guests: the four top entries are read through the second stage") {
  Nested m;
  constexpr u64 kRoot = kData, kDirectory = kData + 0x1000;
  m.poke<u64>(kRoot, kDirectory | 1);
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kDirectory + n * 8, n << 21 | 0x87);
  legacy_guest(m, arch::cr4::kPae, kRoot);
  m.poke<u32>(kPage, 0xABCD);
  CHECK(m.enter(kLoad32) == code_of(Exit::Hlt));
  CHECK(m.block.save.rax == 0xABCD);
  m.poke<u64>(m.nested_pte(kRoot), 0);
  m.block.control.tlb_control = 1;
  m.block.save.rip = kGuestCode;
  m.enter();
  expect_fault(m, kTables_ | 6, kRoot);
  // A reserved bit in one is the guest's own page fault.
  m.poke<u64>(m.nested_pte(kRoot), kRoot | 7);
  m.poke<u64>(kRoot, kDirectory | 3);
  m.intercept_exception(14);
  CHECK(m.enter() == 0x40 + 14);
  CHECK((m.block.control.exit_info1 & 9) == 9);
}

TEST_CASE("32-bit guests: two levels and 4 MiB pages under 4 KiB ones") {
  Nested m;
  m.poke<u32>(kData, 0x87);
  m.poke<u32>(kData + 4, 0x40'0087);
  legacy_guest(m, arch::cr4::kPse, kData);
  m.poke<u64>(m.nested_pte(kPage), 0x60'0007);
  m.poke<u32>(0x60'0000, 0x5678);
  CHECK(m.enter(kLoad32) == code_of(Exit::Hlt));
  CHECK(m.block.save.rax == 0x5678);
}

// Catches a second stage walked in the guest's mode instead of the host's.
TEST_CASE("the second stage is walked in the host's paging mode") {
  GuestMachine m;
  m.block.control.nested_control = arch::svm::kNestedPaging;
  constexpr u64 kHost = kData, kDirectory = kData + 0x1000, kRoot32 = kData + 0x3000,
                kSwapped = kData + 0x4000;
  const auto host32 = [&](u64 cr4_value, u64 root) {
    cpu::Cpu& c = m.cpu();
    m.protected_mode();
    c.cr0 |= arch::cr0::kPg;
    c.cr4 |= cr4_value;
    c.efer = arch::efer::kSvme;
    c.cr3 = root;
    for (u64 n = 0; n < 4; ++n) c.pdpte[n] = m.peek<u64>(kHost + n * 8);
    m.settle();
    m.block.control.nested_root = root;
    m.block.control.tlb_control = 1;
    m.block.save.rip = kGuestCode;
  };
  m.poke<u64>(kHost, kDirectory | 1);
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kDirectory + n * 8, n << 21 | 0x87);
  m.poke<u32>(kRoot32, 0x87);
  m.poke<u32>(kRoot32 + 4, kSwapped | 7);
  for (u32 n = 0; n < 1024; ++n) m.poke<u32>(kSwapped + n * 4, (0x40'0000 + (n << 12)) | 7);
  m.poke<u32>(kSwapped + 0x300 * 4, 0x60'0007);  // 700000h lies at 600000h
  m.poke<u32>(kPage, 0x1111);
  m.poke<u32>(0x60'0000, 0x2222);
  host32(arch::cr4::kPae, kHost);
  CHECK(m.enter(kLoad) == code_of(Exit::Hlt));
  CHECK(m.block.save.rax == 0x1111);
  host32(arch::cr4::kPse, kRoot32);
  CHECK(m.enter(kLoad) == code_of(Exit::Hlt));
  CHECK(m.block.save.rax == 0x2222);
  CHECK((m.peek<u32>(kSwapped + 0x300 * 4) & 0x60) == 0x20);
}

// Catches a PAE host that comes back with the guest's page-directory pointers, or unchecked.
TEST_CASE("a PAE host's page-directory pointers are loaded at #VMEXIT") {
  for (const bool valid : {true, false}) {
    GuestMachine m;
    constexpr u64 kHost = kData, kDirectory = kData + 0x1000;
    for (u64 n = 0; n < 4; ++n) m.poke<u64>(kHost + n * 8, kDirectory | 1);
    for (u64 n = 0; n < 4; ++n) m.poke<u64>(kDirectory + n * 8, n << 21 | 0x87);
    m.protected_mode();
    m.cpu().cr0 |= arch::cr0::kPg;
    m.cpu().cr4 |= arch::cr4::kPae;
    m.cpu().efer = arch::efer::kSvme;
    m.cpu().cr3 = kHost;
    for (u64& entry : m.cpu().pdpte) entry = kDirectory | 1;
    m.settle();
    m.guest_protected();
    // MOV dword [300008h], the new entry
    const u8 low = valid ? 0x01 : 0x07;
    m.enter({0xC7, 0x05, 0x08, 0x00, 0x30, 0x00, low, 0x20, 0x30, 0x00});
    CHECK(m.block.control.exit_code == code_of(Exit::Hlt));
    CHECK(m.cpu().activity == (valid ? cpu::Activity::Halted : cpu::Activity::Shutdown));
    if (valid) CHECK(m.cpu().pdpte[1] == ((kDirectory + 0x1000) | 1));
  }
}

// Catches guest-physical addresses cut to what a 32-bit host's tables can say.
TEST_CASE("a 32-bit host maps nothing above 4 GiB") {
  GuestMachine m;
  constexpr u64 kRoot32 = kData + 0x3000, kRoot = kData, kDirectory = kData + 0x1000;
  m.poke<u32>(kRoot32, 0x87);
  m.poke<u32>(kRoot32 + 4, 0x40'0087);
  m.protected_mode();
  m.cpu().cr0 |= arch::cr0::kPg;
  m.cpu().cr4 |= arch::cr4::kPse;
  m.cpu().efer = arch::efer::kSvme;
  m.cpu().cr3 = kRoot32;
  m.settle();
  m.block.control.nested_control = arch::svm::kNestedPaging;
  m.block.control.nested_root = kRoot32;
  m.poke<u64>(kRoot, kDirectory | 1);
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kDirectory + n * 8, n << 21 | 0x87);
  m.poke<u64>(kDirectory + 3 * 8, bit(32) | 0x60'0087);  // 600000h lies above 4 GiB
  legacy_guest(m, arch::cr4::kPae, kRoot);
  m.enter(kLoad32);
  expect_fault(m, kFinal | 4, bit(32) + kPage);
}

// Catches events of entry and exit that are missing, or whose contents are not those of the control block.
TEST_CASE("entries and exits are reported with control block, root, code and information") {
  struct Record final : observe::Observer {
    std::vector<observe::Event> events;
    void on_event(const observe::Event& e) override { events.push_back(e); }
  } record;
  Nested m;
  m.cpu().observer = &record;
  m.poke<u64>(m.nested_pte(kPage), 0);
  m.enter(kLoad);
  using observe::EventKind;
  std::erase_if(record.events, [](const observe::Event& e) {
    return e.kind != EventKind::VmEntry && e.kind != EventKind::VmExit && e.kind != EventKind::VmExitDetail;
  });
  REQUIRE(record.events.size() == 3);
  CHECK((record.events[0].kind == EventKind::VmEntry && record.events[0].a == kVmcb &&
         record.events[0].b == kNested));
  CHECK((record.events[1].kind == EventKind::VmExit && record.events[1].a == 0x400));
  CHECK((record.events[1].b == (kFinal | 4) && record.events[1].rip == kGuestCode));
  CHECK((record.events[2].kind == EventKind::VmExitDetail && record.events[2].a == kPage));
}
