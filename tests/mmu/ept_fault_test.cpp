// What EPT refuses: misconfigurations (SDM vol. 3, 29.3.3.1) and violations (29.3.3.2) with what their exits
// tell.
#include <catch2/catch.hpp>

#include "ept_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using cpu::NestedFault;
using mmu::Access;

namespace {

constexpr u64 kGuestPhysical = EptMachine::kFar, kLinear = 0x8000'0000;

/// A guest page at kLinear that EPT maps with an entry of `level`.
struct Mapped : EptMachine {
  explicit Mapped(unsigned level = 1, u8 levels = 4, timing::Profile p = everything())
      : EptMachine(Paging::Level4, levels, std::move(p)) {
    map_guest(kLinear, kGuestPhysical, 1, guest::kP | guest::kW);
    map_ept(kGuestPhysical, 0, level, ept::kAll);
  }
  void change(unsigned level, u64 clear, u64 set) {
    const u64 entry = ept_entry(kGuestPhysical, level);
    poke<u64>(entry, (peek<u64>(entry) & ~clear) | set);
  }
};

void expect_misconfiguration(EptMachine& m, u64 address) {
  for (const Access access : {Access::Read, Access::Write, Access::Execute}) {
    REQUIRE_FALSE(m.walk(kLinear, access));
    REQUIRE(m.result.nested);
    const cpu::Fault& f = m.fault();
    CHECK(f.nested);
    CHECK(f.nested_fault == NestedFault::Misconfiguration);
    CHECK(f.address == address);
    CHECK(f.qualification == 0);
    CHECK(f.linear == 0);
    CHECK_FALSE(f.convertible);
  }
}

void expect_violation(EptMachine& m, u64 address, u64 qualification, bool convertible = true) {
  REQUIRE(m.result.nested);
  const cpu::Fault& f = m.fault();
  CHECK(f.nested);
  CHECK(f.nested_walk == ((qualification & 0x100) == 0));
  CHECK(f.nested_fault == NestedFault::Violation);
  CHECK(f.address == address);
  CHECK(f.qualification == qualification);
  CHECK(f.linear == kLinear);
  CHECK(f.convertible == convertible);
}

}  // namespace

// Catches permissions that no entry may have, at any level, and those that are refused though they may be.
TEST_CASE("misconfigured permissions: write without read, execute-only without support") {
  for (const u8 levels : {u8{4}, u8{5}}) {
    for (unsigned level = 1; level <= levels; ++level) {
      for (const bool by_mode : {false, true}) {
        for (const bool execute_only : {false, true}) {
          for (u64 p = 0; p < 16; ++p) {
            const u64 permissions = (p & 7) | (p & 8) << 7;
            Mapped m(1, levels);
            m.cpu().second_stage.mode_based_execute = by_mode;
            m.cpu().second_stage.ept_features.execute_only = execute_only;
            // The entry must not be one on the way to the guest's tables.
            const u64 apart = level >= 4 ? u64{1} << 39 : kGuestPhysical;
            if (level == 5) continue;  // see below
            m.map_guest(kLinear, apart, 1, guest::kP | guest::kW);
            m.map_ept(apart, 0, 1, ept::kAll);
            const u64 entry = m.ept_entry(apart, level);
            m.poke<u64>(entry, (m.peek<u64>(entry) & ~(ept::kAll | ept::kXu)) | permissions);
            const bool read = (p & 1) != 0, write = (p & 2) != 0, execute = (p & 4) != 0, user = (p & 8) != 0;
            const bool present = (p & 7) != 0 || (by_mode && user);
            const bool wrong =
                present && !read && (write || (!execute_only && (execute || (by_mode && user))));
            CAPTURE(levels, level, by_mode, execute_only, permissions);
            if (wrong) {
              expect_misconfiguration(m, apart);
            } else {
              CHECK(m.walk(kLinear, Access::Read).has_value() == read);
              if (!read) CHECK(m.fault().nested_fault == NestedFault::Violation);
            }
          }
        }
      }
    }
  }
}

// Catches the fifth level's entries unchecked: they are on the way to everything.
TEST_CASE("misconfigured entries of the fifth level are met at the guest's first table") {
  for (const u64 bits : {u64{2}, u64{6}, u64{7} | 0x80, u64{7} | 0x08, u64{7} | u64{1} << 45}) {
    Mapped m(1, 5);
    const u64 entry = m.ept_entry(0, 5);
    m.poke<u64>(entry, (m.peek<u64>(entry) & ~u64{7}) | bits);
    expect_misconfiguration(m, m.cpu().cr3);
  }
  Mapped good(1, 5);
  CHECK(good.walk(kLinear, Access::Write));
}

// Catches reserved bits that go unnoticed, and ignored bits that do not: every bit of every kind of entry.
TEST_CASE("reserved bits of every kind of entry") {
  struct Kind {
    unsigned page_level, level;  // of the mapping, of the entry looked at
    u64 reserved;                // besides address bits (tables 29-2 to 29-7)
  };
  constexpr Kind kKinds[] = {
      {1, 1, 0},                          // PTE
      {1, 2, 0x78}, {2, 2, 0x1F'F000},    // PDE of a table, of a 2 MiB page
      {1, 3, 0x78}, {3, 3, 0x3FFF'F000},  // PDPTE of a directory, of a 1 GiB page
      {1, 4, 0xF8},                       // PML4E
  };
  for (const u32 width : {36u, 40u, 46u, 52u}) {
    timing::Profile p = everything();
    p.physical_address_bits = width;
    const u64 beyond = 0x000F'FFFF'FFFF'FFFF & ~((u64{1} << width) - 1);
    for (const Kind& k : kKinds) {
      for (unsigned n = 3; n < 64; ++n) {
        const u64 b = u64{1} << n;
        const bool maps = k.page_level == k.level;
        if ((maps && n < 6) || (n == 7 && k.level > 1 && k.level < 4)) continue;  // see below
        const bool address = n >= 12 && n < width && (k.reserved & b) == 0;
        if (address) continue;  // leads elsewhere
        Mapped m(k.page_level, 4, p);
        const u64 apart = k.level == 4 ? u64{1} << 35 : kGuestPhysical;
        if (k.level == 4) {
          // Its own entry of the top level, where the address space is wide enough.
          if (width <= 39) continue;
          m.map_guest(kLinear, u64{1} << 39, 1, guest::kP | guest::kW);
          m.map_ept(u64{1} << 39, 0, 1, ept::kAll);
        }
        const u64 at = k.level == 4 ? u64{1} << 39 : apart;
        const u64 entry = m.ept_entry(at, k.level);
        m.poke<u64>(entry, m.peek<u64>(entry) ^ (n == 10 ? 0 : b));
        CAPTURE(width, k.page_level, k.level, n);
        if (((k.reserved | beyond) & b) != 0) {
          expect_misconfiguration(m, at);
        } else {
          CHECK(m.walk(kLinear, Access::Read));
        }
      }
    }
  }
}

// Catches memory types 2, 3 and 7 let through, or looked for where there is no page.
TEST_CASE("memory types of entries that map pages") {
  for (const unsigned level : {1u, 2u, 3u}) {
    for (u64 type = 0; type < 8; ++type) {
      Mapped m(level);
      m.change(level, 0x38, type << 3);
      CAPTURE(level, type);
      if (type == 2 || type == 3 || type == 7) {
        expect_misconfiguration(m, kGuestPhysical);
      } else {
        CHECK(m.walk(kLinear, Access::Write));
      }
    }
  }
}

// Catches page sizes used without the processor's support.
TEST_CASE("large pages that the processor does not have are misconfigurations") {
  for (const unsigned level : {2u, 3u}) {
    for (const bool has_2m : {false, true}) {
      for (const bool has_1g : {false, true}) {
        Mapped m(level);
        m.cpu().second_stage.ept_features.pages_2m = has_2m;
        m.cpu().second_stage.ept_features.pages_1g = has_1g;
        CAPTURE(level, has_2m, has_1g);
        if (level == 2 ? has_2m : has_1g) {
          CHECK(m.walk(kLinear, Access::Read));
        } else {
          expect_misconfiguration(m, kGuestPhysical);
        }
      }
    }
  }
}

// Catches bits of an entry that is not present looked at, and a wrong answer to whether #VE may be made of
// it.
TEST_CASE("an entry that is not present: a violation at each level, whatever its other bits") {
  for (unsigned level = 1; level <= 4; ++level) {
    for (const u64 rest : {u64{0}, u64{0x7FFF'FFFF'FFFF'FBF8}, u64{0xFFFF'FFFF'FFFF'FBF8}, ept::kSve}) {
      Mapped m;
      const u64 at = level == 4 ? u64{1} << 39 : kGuestPhysical;
      m.map_guest(kLinear, at, 1, guest::kP | guest::kW);
      m.map_ept(at, 0, 1, ept::kAll);
      m.poke<u64>(m.ept_entry(at, level), rest);
      CAPTURE(level, rest);
      const bool convertible = (rest >> 63) == 0;
      CHECK_FALSE(m.walk(kLinear, Access::Read));
      expect_violation(m, at, 0x181, convertible);
      CHECK_FALSE(m.walk(kLinear, Access::Write));
      expect_violation(m, at, 0x182, convertible);
      CHECK_FALSE(m.walk(kLinear, Access::Execute));
      expect_violation(m, at, 0x184, convertible);
    }
  }
}

// Catches bit 63 taken from an entry that maps no page, or not at all.
TEST_CASE("a violation of permissions may become #VE where bit 63 of the page's entry is clear") {
  for (const unsigned level : {1u, 2u, 3u}) {
    Mapped m(level);
    m.change(level, ept::kW, 0);
    CHECK_FALSE(m.walk(kLinear, Access::Write));
    expect_violation(m, kGuestPhysical, 0x2 | 0x8 | 0x20 | 0x180, true);
    if (level < 3) m.change(level + 1, 0, ept::kSve);  // ignored there
    CHECK_FALSE(m.walk(kLinear, Access::Write));
    expect_violation(m, kGuestPhysical, 0x2 | 0x8 | 0x20 | 0x180, true);
    m.change(level, 0, ept::kSve);
    CHECK_FALSE(m.walk(kLinear, Access::Write));
    expect_violation(m, kGuestPhysical, 0x2 | 0x8 | 0x20 | 0x180, false);
  }
}

// Catches faults in the guest's tables told as faults of the page, or with the kind of the access that needed
// them: they are reads, and with accessed and dirty flags for EPT writes too.
TEST_CASE("violations in the guest's tables, at each level") {
  for (unsigned level = 1; level <= 4; ++level) {
    for (const bool flags : {false, true}) {
      for (const Access access : {Access::Read, Access::Write, Access::Execute}) {
        CAPTURE(level, flags, static_cast<int>(access));
        Mapped m;
        m.cpu().second_stage.accessed_dirty = flags;
        m.cpu().second_stage.ept_features.advanced_information = true;  // of final accesses only
        const u64 entry = m.guest_entry(kLinear, level), table = entry & ~u64{0xFFF};
        const u64 kinds = flags ? 0x3 : 0x1;
        m.poke<u64>(m.ept_entry(table, 1), 0);
        CHECK_FALSE(m.walk(kLinear, access));
        expect_violation(m, entry, kinds | 0x80);
        m.map_ept(table, table, 1, ept::kX);
        CHECK_FALSE(m.walk(kLinear, access));
        expect_violation(m, entry, kinds | 0x20 | 0x80);
        // No permission to write.
        m.map_ept(table, table, 1, ept::kR | ept::kX);
        m.set_guest(entry, m.peek<u64>(entry) | guest::kA | guest::kD);
        CHECK(m.walk(kLinear, access).has_value() == !flags);
        if (flags) expect_violation(m, entry, kinds | 0x8 | 0x20 | 0x80);
        m.map_ept(table, table, 1, ept::kR | ept::kW);
        CHECK(m.walk(kLinear, access));
        m.poke<u64>(m.ept_entry(table, 1), table | 2);
        CHECK_FALSE(m.walk(kLinear, access));
        CHECK(m.fault().nested_fault == NestedFault::Misconfiguration);
        CHECK(m.fault().nested_walk);
        CHECK(m.fault().address == entry);
      }
    }
  }
}

// Catches updates of the guest's flags that EPT's permission to write does not stop, that are asked for where
// nothing changes, or that are told as a write alone: they read what they change.
TEST_CASE("setting accessed and dirty flags of guest tables that EPT does not let be written") {
  for (unsigned level = 1; level <= 4; ++level) {
    for (const u64 set : {u64{0}, guest::kA, guest::kA | guest::kD}) {
      for (const Access access : {Access::Read, Access::Write}) {
        Mapped m;
        for (unsigned l = 1; l <= 4; ++l) {
          const u64 other = m.guest_entry(kLinear, l);
          m.set_guest(other, m.peek<u64>(other) | guest::kA | guest::kD);
        }
        const u64 entry = m.guest_entry(kLinear, level), table = entry & ~u64{0xFFF};
        m.set_guest(entry, (m.peek<u64>(entry) & ~(guest::kA | guest::kD)) | set);
        m.map_ept(table, table, 1, ept::kR | ept::kX | ept::kSve);
        const u64 wanted = level == 1 && access == Access::Write ? guest::kA | guest::kD : guest::kA;
        const u64 before = m.peek<u64>(entry);
        CAPTURE(level, set, static_cast<int>(access));
        if ((set & wanted) == wanted) {
          CHECK(m.walk(kLinear, access));
        } else {
          CHECK_FALSE(m.walk(kLinear, access));
          expect_violation(m, entry, 0x1 | 0x2 | 0x8 | 0x20 | 0x80, false);
        }
        CHECK(m.peek<u64>(entry) == before);
      }
    }
  }
}

// Catches a guest's page fault that goes to the hypervisor, or a violation that hides one.
TEST_CASE("the guest's page faults go before violations of the page, after those of its tables") {
  Mapped m;
  m.poke<u64>(m.ept_entry(kGuestPhysical, 1), 0);
  m.map_guest(kLinear, kGuestPhysical, 1, guest::kP);
  CHECK_FALSE(m.walk(kLinear, Access::Write));
  CHECK_FALSE(m.result.nested);
  CHECK(m.result.error == 3);
  const u64 table = m.guest_entry(kLinear, 1) & ~u64{0xFFF};
  m.poke<u64>(m.ept_entry(table, 1), 0);
  CHECK_FALSE(m.walk(kLinear, Access::Write));
  expect_violation(m, m.guest_entry(kLinear, 1), 0x81);
}

// Catches a fault that does not arrive at the door as it was met.
TEST_CASE("an access of an instruction that EPT refuses leaves the guest with what happened") {
  EptMachine m;
  for (u64 page = 0; page < 0x40'0000; page += 4096) m.map_guest(page, page, 1, guest::kP | guest::kW);
  m.map_guest(0x7000'0000, kGuestPhysical, 1, guest::kP | guest::kW);
  m.map_ept(kGuestPhysical, 0x1'5000, 1, ept::kR);
  m.settle();
  m.cpu().gpr[arch::kRdi] = 0x7000'0123;
  m.run({0x89, 0x07});  // MOV [RDI], EAX
  REQUIRE(m.door.exits.size() == 1);
  const cpu::Fault& f = m.door.exits[0];
  CHECK(f.nested_fault == NestedFault::Violation);
  CHECK(f.address == kGuestPhysical + 0x123);
  CHECK(f.linear == 0x7000'0123);
  CHECK(f.qualification == (0x2 | 0x8 | 0x180));
  CHECK(m.cpu().rip == kCode);
}
