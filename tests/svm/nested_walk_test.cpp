// Machine code behind the guest's tables and nested ones (APM vol. 2, 15.25): every page size of both, every
// permission of both, against a model of the manual's rules.
#include <array>
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "two_stages.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

/// Bits of nested entries: those of long mode's own (15.25.3).
constexpr u64 kP = 1, kW = 2, kU = 4, kLarge = 0x80, kNx = u64{1} << 63;
constexpr u64 kSecond = 0x54'0000;
constexpr u64 kFinal = u64{1} << 32, kInTables = u64{1} << 33;  // 15.25.6

struct Subject : GuestMachine {
  GuestPage page;
  bool user;
  GuestTables tables;

  Subject(const GuestPage& p, bool at_cpl3) : page(p), user(at_cpl3), tables(*this, p) {
    nested_paging();
    block.control.tlb_control = 1;
    intercept(Exit::Vmmcall);
    intercept_exception(14);
    block.save.cr0 |= cr0::kWp;
    block.save.cr3 = GuestTables::kRoot;
    if (user) guest_user();
    if (p.paging != GuestPaging::Level4) thirty_two_bits();
    u64 at = kGuestCode;
    for (const Try what : kTries) {
      write(at, code_of(what));
      write(at + 2, std::array<u8, 3>{0x0F, 0x01, 0xD9});
      at += 0x100;
    }
    settle();
  }

  void thirty_two_bits() {
    block.save.efer = efer::kSvme | efer::kNxe;
    block.save.cr4 = page.paging == GuestPaging::Pae ? cr4::kPae : cr4::kPse;
    if (page.paging == GuestPaging::Off) block.save.cr0 = cr0::kPe | cr0::kEt | cr0::kNe;
    if (user)
      block.save.cs = {kUserCode32, 0xCFB, 0xFFFF'FFFF, 0};
    else
      guest_compatibility();
  }

  /// The nested entry of `level` that maps the tried address; tables on the way allow all.
  void map_second(unsigned level, u64 flags) {
    u64 at = kNested + 0x1000 + 8;
    for (unsigned l = 3; l > level; --l) {
      const u64 table = kSecond + l * 0x1000;
      poke<u64>(at, table | kP | kW | kU);
      at = table + (l == 2 ? 8 : 0);
    }
    poke<u64>(at, second_stage_page(level) | flags | (level > 1 ? kLarge : 0));
    second = at;
  }

  /// Tries, from a fresh start; the exit code.
  u64 attempt(Try what, unsigned level) {
    poke<u32>(tried_ram(level), 0x90D9'010F);  // VMMCALL; NOP
    execute::memory_written(*code, tried_ram(level), 4);
    start = kGuestCode + 0x100 * static_cast<u64>(what);
    block.save.rip = start;
    block.save.rax = 0x1122'3344;
    cpu().gpr[arch::kRbx] = tables.linear();
    return enter();
  }
  u64 start = 0, second = 0;
};

void expect_done(Subject& m, Try what, unsigned level, u64 code) {
  REQUIRE(code == code_of(Exit::Vmmcall));
  REQUIRE(m.block.save.rip == (what == Try::Fetch ? m.tables.linear() : m.start + 2));
  REQUIRE(m.block.save.rax == (what == Try::Read ? 0x90D9'010F : 0x1122'3344));
  REQUIRE(m.peek<u32>(tried_ram(level)) == (what == Try::Write ? 0x1122'3344u : 0x90D9'010Fu));
  // Accessed, and dirty if it was written.
  REQUIRE((m.peek<u64>(m.second) & 0x60) == (what == Try::Write ? 0x60 : 0x20));
}

void expect_exit(Subject& m, Try what, u64 code, Exit exit, u64 info1, u64 info2) {
  REQUIRE(code == code_of(exit));
  REQUIRE(m.block.control.exit_info1 == info1);
  REQUIRE(m.block.control.exit_info2 == info2);
  REQUIRE(m.block.control.exit_interrupt_info == 0);
  REQUIRE(m.block.control.next_rip == 0);
  REQUIRE(m.block.save.rip == (what == Try::Fetch ? m.tables.linear() : m.start));
  // The bytes of the instruction whose data access faulted (15.8.4).
  REQUIRE((m.block.control.fetched != 0) == (what != Try::Fetch));
  if (what != Try::Fetch) REQUIRE(m.block.control.instruction[0] == code_of(what)[0]);
}

/// Nested accesses are a user's (15.25.5), and the host has NX.
u64 nested_error(Try what, bool present) {
  return (present ? 1u : 0u) | (what == Try::Write ? 2u : 0u) | 4u | (what == Try::Fetch ? 0x10u : 0u);
}
bool nested_allows(Try what, u64 flags) {
  if ((flags & kP) == 0 || (flags & kU) == 0) return false;
  if (what == Try::Write) return (flags & kW) != 0;
  return what == Try::Read || (flags & kNx) == 0;
}

void try_all_rights(Subject& m, unsigned level) {
  for (unsigned f = 0; f < 8; ++f) {
    const GuestRights r{(f & 1) != 0, (f & 2) != 0, (f & 4) != 0};
    if (r.no_execute && !m.tables.has_no_execute()) continue;
    for (unsigned n = 0; n < 16; ++n) {
      const u64 flags = (n & 7) | ((n & 8) != 0 ? kNx : 0);
      for (const Try what : kTries) {
        CAPTURE(m.page.name, m.user, level, f, n, static_cast<int>(what));
        m.tables.map(r);
        m.map_second(level, flags);
        const u64 code = m.attempt(what, level);
        if (!first_stage_allows(m.page, r, what, m.user))
          expect_exit(m, what, code, static_cast<Exit>(0x4E), first_stage_error(m.tables, what, m.user),
                      m.tables.linear());
        else if (nested_allows(what, flags))
          expect_done(m, what, level, code);
        else
          expect_exit(m, what, code, Exit::NestedPageFault, nested_error(what, (n & 1) != 0) | kFinal,
                      kTriedPhysical);
      }
    }
  }
}

}  // namespace

// Catches an access that either stage should have stopped, or stops wrongly; a page put together from the two
// sizes wrongly; any wrong bit or address that the exit tells.
TEST_CASE("15.25.5 machine code: every page size and permission of both stages, at CPL 0 and 3") {
  for (const GuestPage& page : kGuestPages)
    for (const bool user : {false, true})
      for (const unsigned level : {1u, 2u, 3u}) {
        Subject m(page, user);
        try_all_rights(m, level);
      }
}

// Catches an access to the guest's tables that is told as one to the page, by the kind of the access that
// needed it, or with the wrong address; one that does not need the permission to write.
TEST_CASE("15.25.6 machine code: faults at the guest's tables") {
  for (const GuestPage& page : kGuestPages) {
    for (unsigned level = 1; level <= 2; ++level) {
      Subject m(page, false);
      const u64 entry = page.paging == GuestPaging::Off ? 0 : m.tables.entry(level);
      // The directory of 32-bit paging also leads to the code.
      if (entry == 0 || (page.paging == GuestPaging::Bits32 && level == 2)) continue;
      m.tables.map({true, true, false});
      m.map_second(1, kP | kW | kU);
      const u64 table = entry & ~u64{0xFFF};
      for (const u64 flags : {u64{0}, kP | kU, kP | kW, kP | kW | kU | kNx}) {
        for (const Try what : kTries) {
          CAPTURE(page.name, level, flags, static_cast<int>(what));
          m.map_second(1, kP | kW | kU);
          m.poke<u64>(m.nested_pte(table), table | flags);
          const u64 code = m.attempt(what, 1);
          if ((flags & (kP | kW | kU)) == (kP | kW | kU))
            expect_done(m, what, 1, code);
          else
            expect_exit(m, what, code, Exit::NestedPageFault, (flags & kP) | 2 | 4 | kInTables, entry);
        }
      }
    }
  }
}
