// Machine code behind the guest's tables and extended page tables (SDM vol. 3, 29.3.2 and 29.3.3): every page
// size of both, every permission of both, against a model of the manual's rules.
#include <array>
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "two_stages.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

/// Bits of EPT entries (tables 29-1 to 29-7).
constexpr u64 kR = 1, kW = 2, kX = 4, kXu = 0x400, kWriteBack = 6 << 3, kLarge = 0x80;
constexpr u64 kSecond = 0x54'0000;

/// Permissions without write-only ones, which are misconfigurations.
constexpr u64 kPermissions[] = {0,   kR,       kR | kW,       kR | kX,  kR | kW | kX,  kX,
                                kXu, kR | kXu, kR | kW | kXu, kX | kXu, kR | kX | kXu, kR | kW | kX | kXu};

struct Subject : GuestMachine {
  GuestPage page;
  bool user;
  GuestTables tables;

  Subject(const GuestPage& p, bool at_cpl3) : page(p), user(at_cpl3), tables(*this, p) {
    ept();
    for (u64 at = kEpt; at < kEpt + 0x7000;
         at += 8)  // with mode-based execute control CPL 3 fetches code too
      if (const u64 entry = peek<u64>(at); entry != 0) poke<u64>(at, entry | kXu);
    (*this)[Field::GuestCr0] |= cr0::kWp;
    (*this)[Field::GuestCr3] = GuestTables::kRoot;
    if (p.paging != GuestPaging::Level4) thirty_two_bits();
    segments();
    u64 at = kGuestCode;
    for (const Try what : kTries) {
      write(at, code_of(what));
      write(at + 2, kVmcall);
      at += 0x100;
    }
    settle();
  }

  void thirty_two_bits() {
    clear(Control::Ia32eModeGuest);
    set(Control::EntryLoadEfer);
    (*this)[Field::GuestEfer] = efer::kNxe;
    (*this)[Field::GuestCr4] = cr4::kVmxe | (page.paging == GuestPaging::Pae ? cr4::kPae : cr4::kPse);
    for (unsigned n = 0; n < 4; ++n) (*this)[Field::GuestPdpte0 + n] = peek<u64>(GuestTables::kRoot + n * 8);
    if (page.paging != GuestPaging::Off) return;
    set(Control::UnrestrictedGuest);
    (*this)[Field::GuestCr0] = cr0::kPe | cr0::kEt | cr0::kNe;
  }
  void segments() {
    const bool wide = page.paging == GuestPaging::Level4;
    if (user) guest_user();
    if (!wide) segment(arch::kCs, user ? kUserCode32 : kCode32, 0, 0xFFFF'FFFF, user ? 0xC0FB : 0xC09B);
  }

  /// The second stage's entry of `level` that maps the tried address; tables on the way allow all.
  void map_second(unsigned level, u64 permissions) {
    u64 at = kEpt + 0x1000 + 8;
    for (unsigned l = 3; l > level; --l) {
      const u64 table = kSecond + l * 0x1000;
      poke<u64>(at, table | kR | kW | kX | kXu);
      at = table + (l == 2 ? 8 : 0);
    }
    poke<u64>(at, second_stage_page(level) | permissions | kWriteBack | (level > 1 ? kLarge : 0));
  }

  /// Tries, from a fresh start; the exit reason.
  u64 attempt(Try what, unsigned level) {
    poke<u32>(tried_ram(level), 0x90C1'010F);  // VMCALL; NOP
    execute::memory_written(*code, tried_ram(level), 4);
    at_start();
    start = kGuestCode + 0x100 * static_cast<u64>(what);
    (*this)[Field::GuestRip] = start;
    cpu().gpr[arch::kRax] = 0x1122'3344;
    cpu().gpr[arch::kRbx] = tables.linear();
    return enter();
  }
  u64 start = 0;
};

/// The permission that the access needs (29.3.3.2). Without paging every address is a user-mode one.
u64 needed(const GuestPage& p, const GuestRights& r, Try what, bool by_mode) {
  if (what == Try::Read) return kR;
  if (what == Try::Write) return kW;
  const bool user_mode = p.paging == GuestPaging::Off || r.user;
  return by_mode && user_mode ? kXu : kX;
}

/// Table 28-7, of an access to the translation of a linear address, with advanced information.
u64 qualification_of(const GuestPage& p, const GuestRights& r, Try what, u64 permissions, bool by_mode) {
  u64 q = what == Try::Read ? 1 : what == Try::Write ? 2 : 4;
  if (permissions & kR) q |= 8;
  if (permissions & kW) q |= 0x10;
  if (permissions & kX) q |= 0x20;
  if (by_mode && (permissions & kXu)) q |= 0x40;
  q |= 0x80 | 0x100;
  const bool off = p.paging == GuestPaging::Off;
  if (off || r.user) q |= 0x200;
  if (off || r.write) q |= 0x400;
  if (!off && r.no_execute) q |= 0x800;
  return q;
}

/// Fields that every exit writes, and that say nothing here.
void nothing_else(Subject& m) {
  REQUIRE(m[Field::IdtVectoringInfo] == 0);
  REQUIRE(m[Field::ExitInstructionInfo] == 0);
  REQUIRE(m[Field::GuestInterruptibility] == 0);
}

void expect_done(Subject& m, Try what, unsigned level, u64 reason) {
  REQUIRE(reason == code_of(ExitReason::Vmcall));
  REQUIRE(m[Field::GuestRip] == (what == Try::Fetch ? m.tables.linear() : m.start + 2));
  REQUIRE(m.cpu().gpr[arch::kRax] == (what == Try::Read ? 0x90C1'010F : 0x1122'3344));
  REQUIRE(m.peek<u32>(tried_ram(level)) == (what == Try::Write ? 0x1122'3344u : 0x90C1'010Fu));
}

void expect_page_fault(Subject& m, Try what, u64 reason) {
  REQUIRE(reason == code_of(ExitReason::ExceptionOrNmi));
  REQUIRE(m[Field::ExitInterruptionInfo] == event_word(3, 14, true));
  REQUIRE(m[Field::ExitInterruptionErrorCode] == first_stage_error(m.tables, what, m.user));
  REQUIRE(m.qualification() == m.tables.linear());
  REQUIRE(m[Field::GuestLinearAddress] == 0);
  REQUIRE(m[Field::GuestPhysicalAddress] == 0);
  nothing_else(m);
}

void expect_violation(Subject& m, Try what, u64 reason, u64 qualification, u64 guest_physical) {
  REQUIRE(reason == code_of(ExitReason::EptViolation));
  REQUIRE(m.qualification() == qualification);
  REQUIRE(m[Field::GuestLinearAddress] == m.tables.linear());
  REQUIRE(m[Field::GuestPhysicalAddress] == guest_physical);
  REQUIRE(m[Field::ExitInterruptionInfo] == 0);
  REQUIRE(m[Field::GuestRip] == (what == Try::Fetch ? m.tables.linear() : m.start));
  REQUIRE((m[Field::GuestRflags] & arch::flag::kRf) != 0);
  if (what != Try::Fetch) REQUIRE(m.length() == 2);
  nothing_else(m);
}

void try_all_rights(Subject& m, unsigned level, bool by_mode) {
  m.set(Control::ModeBasedExecute, by_mode);
  m.intercept_exception(14);
  for (unsigned f = 0; f < 8; ++f) {
    const GuestRights r{(f & 1) != 0, (f & 2) != 0, (f & 4) != 0};
    if (r.no_execute && !m.tables.has_no_execute()) continue;
    for (const u64 permissions : kPermissions) {
      m.map_second(level, permissions);
      for (const Try what : kTries) {
        CAPTURE(m.page.name, m.user, level, by_mode, f, permissions, static_cast<int>(what));
        m.tables.map(r);
        const u64 reason = m.attempt(what, level);
        if (!first_stage_allows(m.page, r, what, m.user))
          expect_page_fault(m, what, reason);
        else if ((permissions & needed(m.page, r, what, by_mode)) != 0)
          expect_done(m, what, level, reason);
        else
          expect_violation(m, what, reason, qualification_of(m.page, r, what, permissions, by_mode),
                           kTriedPhysical);
      }
    }
  }
}

}  // namespace

// Catches an access that either stage should have stopped, or stops wrongly; a page put together from the two
// sizes wrongly; any wrong bit or address that the exit tells.
TEST_CASE("29.3.3.2 machine code: every page size and permission of both stages, at CPL 0 and 3") {
  for (const GuestPage& page : kGuestPages)
    for (const bool user : {false, true})
      for (const unsigned level : {1u, 2u, 3u})
        for (const bool by_mode : {false, true}) {
          Subject m(page, user);
          try_all_rights(m, level, by_mode);
        }
}

// Catches an access to the guest's tables that is told as one to the page, by the kind of the access that
// needed it, or with the wrong address; one that needs other permissions.
TEST_CASE("29.3.3.2 machine code: violations at the guest's tables, with and without EPT's own flags") {
  for (const GuestPage& page : kGuestPages) {
    for (const bool flags : {false, true}) {
      for (unsigned level = 1; level <= 2; ++level) {
        Subject m(page, false);
        const u64 entry = page.paging == GuestPaging::Off ? 0 : m.tables.entry(level);
        // The directory of 32-bit paging also leads to the code.
        if (entry == 0 || (page.paging == GuestPaging::Bits32 && level == 2)) continue;
        if (flags) m[Field::Eptp] |= 0x40;
        m.tables.map({true, true, false});
        m.map_second(1, kR | kW | kX | kXu);
        const u64 table = entry & ~u64{0xFFF};
        for (const u64 permissions : {u64{0}, kX, kR | kX, kR | kW}) {
          if (permissions == (kR | kX) && !flags) continue;  // setting the guest's own flags: tests/mmu
          m.poke<u64>(m.ept_pte(table), table | permissions | kWriteBack);
          for (const Try what : kTries) {
            CAPTURE(page.name, flags, level, permissions, static_cast<int>(what));
            const u64 reason = m.attempt(what, 1);
            if (permissions == (kR | kW)) {
              expect_done(m, what, 1, reason);
              continue;
            }
            const u64 kinds = flags ? 3 : 1;
            expect_violation(m, what, reason, kinds | permissions << 3 | 0x80, entry);
          }
        }
      }
    }
  }
}

// Catches a misconfiguration that has a qualification or a linear address, at each size (29.3.3.1; 28.2.1).
TEST_CASE("29.3.3.1 machine code: misconfigurations of each page size") {
  for (const GuestPage& page : kGuestPages) {
    for (const unsigned level : {1u, 2u, 3u}) {
      Subject m(page, false);
      m.tables.map({true, true, false});
      for (const u64 wrong : {kW, kW | kX, kR | 3 << 3}) {
        m.map_second(level, wrong);
        for (const Try what : kTries) {
          CAPTURE(page.name, level, wrong, static_cast<int>(what));
          // The last of them spoils the memory type: 6 | 3 is the reserved 7.
          REQUIRE(m.attempt(what, level) == code_of(ExitReason::EptMisconfiguration));
          REQUIRE(m[Field::GuestPhysicalAddress] == kTriedPhysical);
          REQUIRE(m[Field::GuestLinearAddress] == 0);
          REQUIRE(m.qualification() == 0);
          nothing_else(m);
        }
      }
    }
  }
}
