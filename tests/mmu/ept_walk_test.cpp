// Two stages of translation: the guest's tables and extended page tables (SDM vol. 3, 29.3).
#include <catch2/catch.hpp>

#include "ept_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using mmu::Access;

namespace {

/// One way for a guest to map a page.
struct GuestPage {
  Paging paging;
  unsigned level;  // of the entry that maps it
  unsigned shift;
  unsigned tables;  // of the guest's entries that are read
};
constexpr GuestPage kGuestPages[] = {{Paging::Off, 0, 30, 0},    {Paging::Bits32, 1, 12, 2},
                                     {Paging::Bits32, 2, 22, 1}, {Paging::Pae, 1, 12, 2},
                                     {Paging::Pae, 2, 21, 1},    {Paging::Level4, 1, 12, 4},
                                     {Paging::Level4, 2, 21, 3}, {Paging::Level4, 3, 30, 2}};

/// Where a guest-physical address of the region that tests map leads: each size's mapping leads elsewhere in
/// RAM, so that a mix-up shows.
constexpr u64 kGuestPhysical = EptMachine::kFar, kLinear = 0x8000'0000;
u64 physical_base(unsigned level) { return level == 1 ? 0x1'5000 : level == 2 ? 0x20'0000 : 0; }

struct Subject {
  GuestPage page;
  unsigned ept_level;
  u8 levels;
  EptMachine m;
  u64 linear;  // of a byte in the page

  Subject(const GuestPage& p, unsigned level, u8 ept_levels)
      : page(p), ept_level(level), levels(ept_levels), m(p.paging, ept_levels) {
    linear = (p.paging == Paging::Off ? kGuestPhysical : kLinear) + 0x678;
    if (p.paging != Paging::Off) m.guest_entry(linear, p.level);
    m.ept_entry(kGuestPhysical, level);
  }
  void set(u64 guest_flags, u64 ept_permissions) {
    if (page.paging != Paging::Off)
      m.map_guest(linear & ~low_mask(page.shift), kGuestPhysical, page.level, guest_flags);
    m.map_ept(kGuestPhysical, physical_base(ept_level), ept_level, ept_permissions);
  }
};

/// What the guest's tables allow (4.6.1), CR0.WP set, no SMEP and SMAP.
bool guest_allows(const GuestPage& p, u64 flags, Access access, bool user) {
  if (p.paging == Paging::Off) return true;
  if (user && (flags & guest::kU) == 0) return false;
  if (access == Access::Write) return (flags & guest::kW) != 0;
  return access == Access::Read || (flags & guest::kNx) == 0;
}

/// The permission bit that the access needs (29.3.3.2). Without paging all addresses are user-mode ones.
u64 needed(const GuestPage& p, u64 flags, Access access, bool by_mode) {
  if (access == Access::Read) return ept::kR;
  if (access == Access::Write) return ept::kW;
  const bool user_mode = p.paging == Paging::Off || (flags & guest::kU) != 0;
  return by_mode && user_mode ? ept::kXu : ept::kX;
}

/// Table 28-7 for an access to the translation of a linear address.
u64 qualification(const GuestPage& p, u64 flags, Access access, u64 permissions, bool by_mode,
                  bool advanced) {
  u64 q = access == Access::Read ? 0x1 : access == Access::Write ? 0x2 : 0x4;
  if (permissions & ept::kR) q |= 0x8;
  if (permissions & ept::kW) q |= 0x10;
  if (permissions & ept::kX) q |= 0x20;
  if (by_mode && (permissions & ept::kXu)) q |= 0x40;
  q |= 0x180;
  if (!advanced) return q;
  const bool off = p.paging == Paging::Off;
  if (off || (flags & guest::kU)) q |= 0x200;
  if (off || (flags & guest::kW)) q |= 0x400;
  if (!off && (flags & guest::kNx)) q |= 0x800;
  return q;
}

constexpr u64 kPermissions[] = {0,
                                ept::kR,
                                ept::kR | ept::kW,
                                ept::kR | ept::kX,
                                ept::kAll,
                                ept::kX,
                                ept::kXu,
                                ept::kR | ept::kXu,
                                ept::kR | ept::kW | ept::kXu,
                                ept::kR | ept::kX | ept::kXu,
                                ept::kAll | ept::kXu,
                                ept::kX | ept::kXu};

/// One access, against the rules above.
void check(Subject& s, u64 flags, u64 permissions, Access access, bool user) {
  cpu::SecondStage& stage = s.m.cpu().second_stage;
  const bool by_mode = stage.mode_based_execute;
  const auto found = s.m.walk(s.linear, access, user);
  if (!guest_allows(s.page, flags, access, user)) {
    REQUIRE_FALSE(found);
    REQUIRE_FALSE(s.m.result.nested);
    return;
  }
  if ((permissions & needed(s.page, flags, access, by_mode)) != 0) {
    REQUIRE(found == physical_base(s.ept_level) + 0x678);
    const unsigned second = s.levels - s.ept_level + 1;
    REQUIRE(s.m.result.translation.shift == std::min<unsigned>(s.page.shift, 3 + 9 * s.ept_level));
    REQUIRE(s.m.result.references == s.page.tables * (s.levels + 1u) + second);
    return;
  }
  REQUIRE_FALSE(found);
  REQUIRE(s.m.result.nested);
  const cpu::Fault& f = s.m.fault();
  REQUIRE(f.nested);
  REQUIRE_FALSE(f.nested_walk);
  REQUIRE(f.nested_fault == cpu::NestedFault::Violation);
  REQUIRE(f.address == kGuestPhysical + 0x678);
  REQUIRE(f.linear == s.linear);
  REQUIRE(f.convertible);
  REQUIRE(f.qualification == qualification(s.page, flags, access, permissions, by_mode,
                                           stage.ept_features.advanced_information));
}

}  // namespace

// Catches any mix of sizes that is put together wrongly, any permission of either stage that is not kept or
// is kept for the wrong access, any wrong bit of a final access' exit qualification.
TEST_CASE("every page size of the guest on every page size of EPT, with all permissions") {
  for (const GuestPage& page : kGuestPages) {
    for (const unsigned ept_level : {1u, 2u, 3u}) {
      for (const u8 levels : {u8{4}, u8{5}}) {
        Subject s(page, ept_level, levels);
        for (unsigned round = 0; round < 4; ++round) {
          cpu::SecondStage& stage = s.m.cpu().second_stage;
          stage.mode_based_execute = (round & 1) != 0;
          stage.ept_features.advanced_information = (round & 2) != 0;
          for (unsigned f = 0; f < 8; ++f) {
            u64 flags = guest::kP | (f & 3) << 1;
            if ((f & 4) != 0 && page.paging != Paging::Bits32) flags |= guest::kNx;
            for (const u64 permissions : kPermissions) {
              s.set(flags, permissions);
              for (const Access access : {Access::Read, Access::Write, Access::Execute}) {
                for (const bool user : {false, true}) {
                  CAPTURE(static_cast<int>(page.paging), page.level, ept_level, levels, round, flags,
                          permissions, static_cast<int>(access), user);
                  check(s, flags, permissions, access, user);
                }
              }
            }
          }
        }
      }
    }
  }
}

// Catches permissions that are taken from the last entry only.
TEST_CASE("a permission is given where the entries of all levels give it") {
  struct Needs {
    Access access;
    u64 guest_flags, permission;
  };
  constexpr Needs kNeeds[] = {{Access::Read, guest::kP, ept::kR},
                              {Access::Write, guest::kP | guest::kW, ept::kW},
                              {Access::Execute, guest::kP, ept::kX},
                              {Access::Execute, guest::kP | guest::kU, ept::kXu}};
  timing::Profile p = everything();
  p.physical_address_bits = 52;
  for (const u8 levels : {u8{4}, u8{5}}) {
    for (unsigned level = 1; level <= levels; ++level) {
      for (const u64 missing : {ept::kW, ept::kX, ept::kXu, ept::kR | ept::kW}) {
        EptMachine m(Paging::Level4, levels, p);
        m.cpu().second_stage.mode_based_execute = true;
        // A corner of guest-physical memory where no guest table stands, whatever the level.
        const u64 far = (u64{1} << 47) + (levels == 5 ? u64{1} << 48 : 0);
        m.map_ept(far, 0x1'5000, 1, ept::kAll | ept::kXu);
        const u64 entry = m.ept_entry(far, level);
        m.poke<u64>(entry, m.peek<u64>(entry) & ~missing);
        const u64 there = (ept::kAll | ept::kXu) & ~missing;
        for (const Needs& n : kNeeds) {
          CAPTURE(levels, level, missing, n.permission);
          m.map_guest(kLinear, far, 1, n.guest_flags);
          REQUIRE(m.walk(kLinear, n.access).has_value() == ((n.permission & missing) == 0));
          if (m.result.fault)
            REQUIRE(m.fault().qualification ==
                    qualification({Paging::Level4, 1, 12, 4}, n.guest_flags, n.access, there, true, false));
        }
      }
    }
  }
}

// Catches permissions of the second stage that a cached translation has lost, and pages entered in the soft
// TLB for accesses that EPT forbids.
TEST_CASE("cached translations keep what EPT allows") {
  for (const u64 permissions : kPermissions) {
    if (permissions == 0) continue;
    EptMachine m;
    m.cpu().second_stage.mode_based_execute = true;
    m.map_guest(kLinear, kGuestPhysical, 1, guest::kP | guest::kW);
    m.map_ept(kGuestPhysical, 0x1'5000, 1, permissions);
    for (unsigned again = 0; again < 3; ++again) {
      CAPTURE(permissions, again);
      u32 value = 0;
      u64 physical = 0;
      u8* host = nullptr;
      const auto read = mmu::load<u32>(m.cpu(), kLinear);
      CHECK(read.failed() == ((permissions & ept::kR) == 0));
      const auto write = mmu::store<u32>(m.cpu(), kLinear, value);
      CHECK((write == decode::Outcome::Next) == ((permissions & ept::kW) != 0));
      if (write == decode::Outcome::Fault) CHECK(m.fault().nested_fault == cpu::NestedFault::Violation);
      const auto fetch = mmu::translate_fetch(m.cpu(), kLinear, physical, host);
      CHECK((fetch == decode::Outcome::Next) == ((permissions & ept::kX) != 0));
      if (fetch == decode::Outcome::Fault) CHECK(m.fault().address == kGuestPhysical);
    }
  }
}

// Catches a fifth level that is not read, and bits of guest-physical addresses that four levels lose.
TEST_CASE("guest-physical addresses beyond 48 bits: five levels translate them, four have a violation") {
  timing::Profile p = everything();
  p.physical_address_bits = 52;
  constexpr u64 kHigh = u64{1} << 48 | 0x4000'0000;
  for (const u8 levels : {u8{4}, u8{5}}) {
    EptMachine m(Paging::Level4, levels, p);
    m.map_guest(kLinear, kHigh, 1, guest::kP | guest::kW);
    m.map_ept(0x4000'0000, 0x1'5000, 1, ept::kAll);
    if (levels == 5) m.map_ept(kHigh, 0x1'6000, 1, ept::kAll);
    const auto found = m.walk(kLinear + 4, Access::Write);
    if (levels == 5) {
      CHECK(found == 0x1'6004);
    } else {
      REQUIRE_FALSE(found);
      CHECK(m.fault().nested_fault == cpu::NestedFault::Violation);
      CHECK(m.fault().address == kHigh + 4);
      CHECK(m.fault().qualification == (0x2 | 0x180));
    }
  }
}

// Catches a choice of the second stage by anything but its kind: both kinds' tables of the same bytes.
TEST_CASE("NPT and EPT read the same tables each in its own way") {
  EptMachine m;
  m.map_guest(kLinear, kGuestPhysical, 1, guest::kP | guest::kW | guest::kU);
  m.map_ept(kGuestPhysical, 0x1'5000, 1, ept::kR);
  CHECK(m.walk(kLinear, Access::Read));
  cpu::SecondStage& stage = m.cpu().second_stage;
  stage.kind = cpu::SecondStageKind::Npt;
  stage.cr4 = m.cpu().cr4;
  stage.efer = m.cpu().efer;
  REQUIRE_FALSE(m.walk(kLinear, Access::Read));
  CHECK(m.result.nested);
  CHECK(m.result.error == 5);  // present, not a user page: the bit is EPT's execute permission
  m.map_ept(kGuestPhysical, 0x1'5000, 1, ept::kR | ept::kX);
  CHECK(m.walk(kLinear, Access::Read));
}
