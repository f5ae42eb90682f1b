// The APIC-access page (SDM vol. 3, 30.4): who decides about accesses, and what exits tell (table 28-6).
#include <catch2/catch.hpp>

#include "ept_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using cpu::ApicAnswer;
using cpu::NestedFault;
using decode::Outcome;
using mmu::Access;

namespace {

constexpr u64 kPage = 0x1'5000;  // physical
constexpr u64 kGuestPhysical = EptMachine::kFar, kLinear = 0x7000'0000;

/// With EPT, the page stands elsewhere in guest-physical memory; without, the guest's tables name it.
struct ApicPage : EptMachine {
  explicit ApicPage(bool with_ept) {
    map_ept(kGuestPhysical, kPage, 1, ept::kAll);
    map_ept(kGuestPhysical + 4096, kPage + 4096, 1, ept::kAll);
    cpu().second_stage.on = with_ept;
    const u64 first = with_ept ? kGuestPhysical : kPage;
    map_guest(kLinear, first, 1, guest::kP | guest::kW);
    map_guest(kLinear + 4096, first + 4096, 1, guest::kP | guest::kW);
    for (u64 page = 0; page < 0x40'0000; page += 4096) map_guest(page, page, 1, guest::kP | guest::kW);
    cpu().apic_access_page = kPage;
    settle();
  }
};

void expect_exit(const cpu::Fault& f, u64 type, u64 offset) {
  CHECK(f.nested);
  CHECK(f.nested_fault == NestedFault::ApicAccess);
  CHECK(f.qualification == (type << 12 | offset));
  CHECK_FALSE(f.convertible);
}

}  // namespace

// Catches accesses that the soft TLB answers without a question, and offsets, sizes or kinds told wrongly.
TEST_CASE("each access is asked about, and Memory lets it go to the page") {
  for (const bool with_ept : {false, true}) {
    ApicPage m(with_ept);
    m.poke<u32>(kPage + 0x80, 0x1234);
    for (unsigned again = 1; again <= 3; ++again) {
      CHECK(mmu::load<u32>(m.cpu(), kLinear + 0x80).value == 0x1234);
      REQUIRE(m.door.asked.size() == again);
      CHECK(m.door.asked.back().linear == kLinear + 0x80);
      CHECK(m.door.asked.back().offset == 0x80);
      CHECK(m.door.asked.back().bytes == 4);
      CHECK_FALSE(m.door.asked.back().write);
    }
    CHECK(mmu::store<u8>(m.cpu(), kLinear + 0x81, 0x55) == Outcome::Next);
    CHECK(m.door.asked.back().write);
    CHECK(m.door.asked.back().bytes == 1);
    CHECK(m.peek<u32>(kPage + 0x80) == 0x5534);
    CHECK(m.door.performed.empty());
    // The page next to it is of no interest.
    const size_t asked = m.door.asked.size();
    CHECK_FALSE(mmu::load<u32>(m.cpu(), kLinear + 4096).failed());
    CHECK(m.door.asked.size() == asked);
  }
}

// Catches a virtual access that reaches memory, or whose value is lost.
TEST_CASE("what is virtual is the interceptor's: memory is not touched") {
  for (const bool with_ept : {false, true}) {
    ApicPage m(with_ept);
    m.door.answer = ApicAnswer::Virtual;
    m.door.value = 0x1122'3344'5566'7788;
    m.poke<u64>(kPage + 0x80, 0);
    CHECK(mmu::load<u8>(m.cpu(), kLinear + 0x80).value == 0x88);
    CHECK(mmu::load<u32>(m.cpu(), kLinear + 0x80).value == 0x5566'7788);
    CHECK(mmu::load<u64>(m.cpu(), kLinear + 0x80).value == 0x1122'3344'5566'7788);
    CHECK(mmu::store<u16>(m.cpu(), kLinear + 0xB0, 0xBEEF) == Outcome::Next);
    CHECK(m.door.written == std::vector<u64>{0xBEEF});
    CHECK(m.door.performed.size() == 4);
    CHECK(m.door.performed.back().offset == 0xB0);
    CHECK(m.peek<u64>(kPage + 0x80) == 0);
    CHECK(m.peek<u16>(kPage + 0xB0) == 0);
    // Looking is not doing.
    CHECK(mmu::probe_write(m.cpu(), kLinear + 0x300, 4) == Outcome::Next);
    CHECK(mmu::probe_read(m.cpu(), kLinear + 0x300, 4) == Outcome::Next);
    CHECK(m.door.performed.size() == 4);
  }
}

// Catches exits with a wrong type or offset, and exits of a probe that come only at the access.
TEST_CASE("exits of linear accesses: read, write, fetch") {
  for (const bool with_ept : {false, true}) {
    ApicPage m(with_ept);
    m.door.answer = ApicAnswer::Exit;
    CHECK(mmu::load<u32>(m.cpu(), kLinear + 0x20).outcome == Outcome::Fault);
    expect_exit(m.fault(), 0, 0x20);
    CHECK(mmu::store<u32>(m.cpu(), kLinear + 0xFFC, 1) == Outcome::Fault);
    expect_exit(m.fault(), 1, 0xFFC);
    CHECK(mmu::probe_write(m.cpu(), kLinear + 0x300, 4) == Outcome::Fault);
    expect_exit(m.fault(), 1, 0x300);
    m.door.answer = ApicAnswer::Memory;  // fetches are not asked about
    const size_t asked = m.door.asked.size();
    u64 physical = 0;
    u8* host = nullptr;
    CHECK(mmu::translate_fetch(m.cpu(), kLinear + 0x44, physical, host) == Outcome::Fault);
    expect_exit(m.fault(), 2, 0x44);
    CHECK(m.door.asked.size() == asked);
    // ... of the page next to it there is no exit.
    CHECK(mmu::translate_fetch(m.cpu(), kLinear + 4096, physical, host) == Outcome::Next);
  }
}

// Catches pieces of an access across the page's border that are taken for one access to one page.
TEST_CASE("an access across the border: the part in the page is asked about") {
  for (const bool with_ept : {false, true}) {
    ApicPage m(with_ept);
    m.door.answer = ApicAnswer::Virtual;
    m.door.value = 0xAABB;
    m.poke<u16>(kPage + 4096, 0x1122);
    CHECK(mmu::load<u32>(m.cpu(), kLinear + 0xFFE).value == 0x1122'AABB);
    REQUIRE(m.door.performed.size() == 1);
    CHECK(m.door.performed[0].offset == 0xFFE);
    CHECK(m.door.performed[0].bytes == 2);
    CHECK(mmu::store<u32>(m.cpu(), kLinear + 0xFFE, 0x3344'5566) == Outcome::Next);
    CHECK(m.door.written == std::vector<u64>{0x5566});
    CHECK(m.peek<u16>(kPage + 4096) == 0x3344);
    // The second half stands in the page.
    m.cpu().apic_access_page = kPage + 4096;
    m.settle();
    CHECK(mmu::load<u32>(m.cpu(), kLinear + 0xFFE).value == 0xAABB'0000);
    CHECK(m.door.performed.back().offset == 0);
    CHECK(m.door.performed.back().linear == kLinear + 4096);
    // A page fault of any part of the access goes before (30.4.1).
    m.cpu().apic_access_page = kPage;
    m.map_guest(kLinear + 4096, 0, 1, 0);
    m.settle();
    m.door.answer = ApicAnswer::Exit;
    CHECK(mmu::load<u32>(m.cpu(), kLinear + 0xFFE).outcome == Outcome::Fault);
    CHECK_FALSE(m.fault().nested);
  }
}

// Catches an exit that hides a page fault or a violation of the same access.
TEST_CASE("page faults and violations go before exits; the flags of the tables are set") {
  ApicPage m(true);
  m.door.answer = ApicAnswer::Exit;
  m.cpu().second_stage.accessed_dirty = true;
  CHECK(mmu::store<u32>(m.cpu(), kLinear, 1) == Outcome::Fault);
  expect_exit(m.fault(), 1, 0);
  CHECK((m.peek<u64>(m.guest_entry(kLinear, 1)) & 0x60) == 0x60);
  CHECK((m.peek<u64>(m.ept_entry(kGuestPhysical, 1)) & 0x300) == 0x300);
  m.map_ept(kGuestPhysical, kPage, 1, ept::kR);
  m.settle();
  CHECK(mmu::store<u32>(m.cpu(), kLinear, 1) == Outcome::Fault);
  CHECK(m.fault().nested_fault == NestedFault::Violation);
  m.map_guest(kLinear, kGuestPhysical, 1, guest::kP);
  m.settle();
  CHECK(mmu::store<u32>(m.cpu(), kLinear, 1) == Outcome::Fault);
  CHECK_FALSE(m.fault().nested);
}

// Catches a large page that hides the APIC-access page in it, or spreads it over all its 4 KiB.
TEST_CASE("the page in a large page of both stages") {
  ApicPage m(true);
  m.map_guest(0x8000'0000, kGuestPhysical + 0x20'0000, 2, guest::kP | guest::kW);
  m.map_ept(kGuestPhysical + 0x20'0000, 0, 2, ept::kAll);
  for (unsigned again = 0; again < 2; ++again) {
    const size_t asked = m.door.asked.size();
    CHECK_FALSE(mmu::load<u32>(m.cpu(), 0x8000'0000 + kPage + 0x10).failed());
    CHECK(m.door.asked.size() == asked + 1);
    CHECK_FALSE(mmu::load<u32>(m.cpu(), 0x8000'0000 + kPage - 4).failed());
    CHECK_FALSE(mmu::load<u32>(m.cpu(), 0x8000'0000 + kPage + 4096).failed());
    CHECK(m.door.asked.size() == asked + 1);
  }
}

// Catches guest tables read out of the page (30.4.6.1), with EPT; without, such accesses are physical ones,
// which go to memory (30.4.6.2).
TEST_CASE("guest tables in the page: an exit by guest-physical access, with EPT") {
  for (const bool with_ept : {false, true}) {
    for (unsigned level = 1; level <= 4; ++level) {
      ApicPage m(with_ept);
      m.door.answer = ApicAnswer::Exit;
      const u64 linear = 0x7F00'0000'0000;  // of its own at all levels but the topmost table
      m.map_guest(linear, 0x3'0000, 1, guest::kP | guest::kW);
      m.cpu().apic_access_page = m.guest_entry(linear, level) & ~u64{0xFFF};
      m.settle();
      CAPTURE(with_ept, level);
      for (const bool delivering : {false, true}) {
        m.cpu().is_delivering = delivering;
        const Outcome o = mmu::store<u32>(m.cpu(), linear, 1);
        CHECK(o == (with_ept ? Outcome::Fault : Outcome::Next));
        if (with_ept) expect_exit(m.fault(), delivering ? 10 : 15, 0);
        if (with_ept) CHECK(m.fault().nested_walk);
      }
      CHECK(m.door.asked.empty());
    }
  }
  EptMachine pae(Paging::Pae);
  pae.cpu().apic_access_page = kPage;
  pae.map_ept(kGuestPhysical, kPage, 1, ept::kAll);
  pae.settle();
  CHECK(mmu::load_pdptes(pae.cpu(), kGuestPhysical) == Outcome::Fault);
  expect_exit(pae.fault(), 15, 0);
  pae.map_ept(kGuestPhysical, kPage, 1, ept::kX);
  CHECK(mmu::load_pdptes(pae.cpu(), kGuestPhysical) == Outcome::Fault);
  CHECK(pae.fault().nested_fault == NestedFault::Violation);
}

// Catches soft banks filled before the page was one, or kept empty after.
TEST_CASE("the page comes and goes with the guest's entry") {
  ApicPage m(true);
  m.cpu().apic_access_page = cpu::State::kNoPage;
  m.settle();
  CHECK_FALSE(mmu::load<u32>(m.cpu(), kLinear).failed());
  CHECK(mmu::host_for_read(m.cpu(), kLinear, 4) != nullptr);
  m.cpu().apic_access_page = kPage;
  mmu::select_address_space(m.cpu());
  CHECK(mmu::host_for_read(m.cpu(), kLinear, 4) == nullptr);
  CHECK_FALSE(mmu::load<u32>(m.cpu(), kLinear).failed());
  CHECK(m.door.asked.size() == 1);
  CHECK(mmu::host_for_read(m.cpu(), kLinear, 4) == nullptr);
}

// Catches accesses in blocks that go by the door, an instruction that is done twice, or a value that is lost
// on the way: the engine's own path to the page.
TEST_CASE("a program's accesses: in blocks, of strings, read and modified") {
  for (const bool with_ept : {false, true}) {
    ApicPage m(with_ept);
    m.door.answer = ApicAnswer::Virtual;
    m.door.value = 0x40;
    m.cpu().gpr[arch::kRsi] = kLinear + 0x80;
    m.cpu().gpr[arch::kRdi] = kLinear + 0xB0;
    // MOV EAX, [RSI]; ADD EAX, 2; MOV [RDI], EAX; OR DWORD [RSI], 3
    m.run({0x8B, 0x06, 0x83, 0xC0, 0x02, 0x89, 0x07, 0x83, 0x0E, 0x03});
    CHECK(m.door.exits.empty());
    CHECK(m.door.written == std::vector<u64>{0x42, 0x43});
    REQUIRE(m.door.performed.size() == 4);
    CHECK(m.door.performed[1].offset == 0xB0);
    CHECK(m.door.performed[3].offset == 0x80);
  }
}

// Catches exits that arrive with something of the instruction done, and events' accesses told as
// instructions'.
TEST_CASE("exits at the door: of an instruction, of MONITOR, of an event on its way") {
  for (const bool with_ept : {false, true}) {
    {
      ApicPage m(with_ept);
      m.door.answer = ApicAnswer::Exit;
      m.cpu().gpr[arch::kRdi] = kLinear + 0x300;
      m.run({0x89, 0x07});  // MOV [RDI], EAX
      REQUIRE(m.door.exits.size() == 1);
      expect_exit(m.door.exits[0], 1, 0x300);
      CHECK(m.cpu().rip == kCode);
    }
    {
      ApicPage m(with_ept);
      m.door.answer = ApicAnswer::Exit;
      m.cpu().gpr[arch::kRax] = kLinear + 0x40;
      m.cpu().gpr[arch::kRcx] = 0;
      m.run({0x0F, 0x01, 0xC8});  // MONITOR
      REQUIRE(m.door.exits.size() == 1);
      expect_exit(m.door.exits[0], 4, 0x40);
    }
    {
      ApicPage m(with_ept);
      m.door.answer = ApicAnswer::Exit;
      m.cpu().gpr[arch::kRsp] = kLinear + 0x800;
      m.run({0x0F, 0x0B});  // UD2: the frame is pushed to the page
      REQUIRE(m.door.exits.size() == 1);
      CHECK(m.door.delivering);
      CHECK((m.door.exits[0].qualification >> 12) == 3);
    }
    {
      ApicPage m(with_ept);
      m.cpu().rip = kLinear + 0x10;
      m.go();
      REQUIRE(m.door.exits.size() == 1);
      expect_exit(m.door.exits[0], 2, 0x10);
    }
  }
}
