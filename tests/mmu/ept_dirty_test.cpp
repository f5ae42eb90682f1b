// Accessed and dirty flags of EPT (SDM vol. 3, 29.3.5), and the log of modified pages (29.3.6).
#include <catch2/catch.hpp>

#include "ept_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using cpu::NestedFault;
using mmu::Access;

namespace {

constexpr u64 kGuestPhysical = EptMachine::kFar, kLinear = 0x8000'0000;

struct Flagged : EptMachine {
  explicit Flagged(unsigned level = 1, u8 levels = 4) : EptMachine(Paging::Level4, levels) {
    cpu().second_stage.accessed_dirty = true;
    map_guest(kLinear, kGuestPhysical, 1, guest::kP | guest::kW);
    map_ept(kGuestPhysical, 0, level, ept::kAll);
  }
  u64 flags(u64 address, unsigned level) {
    return peek<u64>(ept_entry(address, level)) & (ept::kA | ept::kD);
  }
  u64 guest_table(unsigned level) { return guest_entry(kLinear, level) & ~u64{0xFFF}; }
};

}  // namespace

// Catches flags that are set at the wrong level, for the wrong access or not at all.
TEST_CASE("accessed flags on the whole way, the dirty flag in the entry that maps the page") {
  for (const u8 levels : {u8{4}, u8{5}}) {
    for (const unsigned level : {1u, 2u, 3u}) {
      for (const Access access : {Access::Read, Access::Write, Access::Execute}) {
        Flagged m(level, levels);
        REQUIRE(m.walk(kLinear, access));
        CAPTURE(levels, level, static_cast<int>(access));
        CHECK(m.flags(kGuestPhysical, level) == (access == Access::Write ? ept::kA | ept::kD : ept::kA));
        for (unsigned l = level + 1; l <= levels; ++l) CHECK(m.flags(kGuestPhysical, l) == ept::kA);
        CHECK(m.result.translation.dirty == (access == Access::Write));
      }
    }
  }
}

// Catches reads of the guest's tables that are not writes in EPT's eyes.
TEST_CASE("the guest's tables become dirty by a walk of any kind") {
  for (const Access access : {Access::Read, Access::Write, Access::Execute}) {
    Flagged m;
    REQUIRE(m.walk(kLinear, access));
    for (unsigned level = 1; level <= 4; ++level)
      CHECK(m.flags(m.guest_table(level), 1) == (ept::kA | ept::kD));
    CHECK(m.flags(0, 1) == 0);  // nobody was there
  }
}

// Catches flags set though the EPTP has them off, where they are bits that software may use.
TEST_CASE("without accessed and dirty flags EPT entries stay as they are") {
  Flagged m;
  m.cpu().second_stage.accessed_dirty = false;
  REQUIRE(m.walk(kLinear, Access::Write));
  for (unsigned level = 1; level <= 4; ++level) {
    CHECK(m.flags(kGuestPhysical, level) == 0);
    CHECK(m.flags(m.guest_table(level), 1) == 0);
  }
  CHECK(m.result.translation.dirty);  // nothing has to be set at the first write
}

// Catches flags of a page that was not accessed, as the access was refused.
TEST_CASE("a violation sets no flag of the page") {
  Flagged m;
  m.map_ept(kGuestPhysical, 0, 1, ept::kR);
  CHECK_FALSE(m.walk(kLinear, Access::Write));
  CHECK(m.flags(kGuestPhysical, 1) == 0);
  const u64 leaf = m.guest_entry(kLinear, 1);
  CHECK((m.peek<u64>(leaf) & (guest::kA | guest::kD)) == 0);
  // The tables that were read to get there have theirs.
  for (unsigned level = 1; level <= 4; ++level)
    CHECK(m.flags(m.guest_table(level), 1) == (ept::kA | ept::kD));
}

// Catches a page that a read has brought into the TLB and a write then dirties unseen.
TEST_CASE("the first write to a page that reads have cached sets its dirty flag") {
  Flagged m;
  CHECK_FALSE(mmu::load<u32>(m.cpu(), kLinear).failed());
  CHECK_FALSE(mmu::load<u32>(m.cpu(), kLinear).failed());
  CHECK(m.flags(kGuestPhysical, 1) == ept::kA);
  CHECK(mmu::store<u32>(m.cpu(), kLinear, 1) == decode::Outcome::Next);
  CHECK(m.flags(kGuestPhysical, 1) == (ept::kA | ept::kD));
}

// Catches pages logged twice, not at all, at the wrong address, or where nobody asked for a log.
TEST_CASE("the log of modified pages has each page once, when its dirty flag is set") {
  for (const unsigned level : {1u, 2u}) {
    Flagged m(level);
    m.cpu().second_stage.logs_pages = true;
    REQUIRE(m.walk(kLinear + 0x123, Access::Read));
    // The guest's tables, from the top; they are dirty from now on.
    CHECK(m.door.logged ==
          std::vector<u64>{m.guest_table(4), m.guest_table(3), m.guest_table(2), m.guest_table(1)});
    m.door.logged.clear();
    REQUIRE(m.walk(kLinear + 0x123, Access::Write));
    CHECK(m.door.logged == std::vector<u64>{kGuestPhysical});  // bits 11..0 are clear
    REQUIRE(m.walk(kLinear + 0x123, Access::Write));
    CHECK(m.door.logged.size() == 1);
  }
  Flagged off;
  REQUIRE(off.walk(kLinear, Access::Write));
  CHECK(off.door.logged.empty());
}

// Catches the address of a large page logged by its beginning: the log has 4 KiB pages.
TEST_CASE("what is logged of a large page is the 4 KiB that were written to") {
  Flagged m(2);
  m.cpu().second_stage.logs_pages = true;
  m.map_guest(kLinear, kGuestPhysical, 2, guest::kP | guest::kW);
  REQUIRE(m.walk(kLinear + 0x5'6789, Access::Write));
  CHECK(m.door.logged.back() == kGuestPhysical + 0x5'6000);
}

// Catches an access that happens though it could not be logged, at the page or at a table.
TEST_CASE("a full log stops the access, before anything of it is seen") {
  for (const size_t room : {size_t{0}, size_t{3}, size_t{4}, size_t{5}}) {
    Flagged m;
    m.cpu().second_stage.logs_pages = true;
    m.door.room = room;
    const auto outcome = mmu::store<u32>(m.cpu(), kLinear, 0xABCD);
    CAPTURE(room);
    if (room == 5) {  // four tables and the page
      CHECK(outcome == decode::Outcome::Next);
      continue;
    }
    REQUIRE(outcome == decode::Outcome::Fault);
    const cpu::Fault& f = m.fault();
    CHECK(f.nested);
    CHECK(f.nested_fault == NestedFault::LogFull);
    CHECK(f.qualification == 0);
    CHECK_FALSE(f.convertible);
    const u64 page = room == 4 ? kGuestPhysical : m.guest_table(static_cast<unsigned>(4 - room));
    CHECK((f.address & ~u64{0xFFF}) == page);
    CHECK(m.flags(page, 1) == 0);
    CHECK(m.flags(kGuestPhysical, 1) == 0);
    CHECK(m.peek<u32>(0) != 0xABCD);
    // With room, it goes on where it stopped.
    m.door.room = 512;
    CHECK(mmu::store<u32>(m.cpu(), kLinear, 0xABCD) == decode::Outcome::Next);
    CHECK(m.door.logged.size() == 5);
  }
}
