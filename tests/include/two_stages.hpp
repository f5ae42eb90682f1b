// A guest's own tables in each of its paging modes, for tests that run machine code behind two stages of
// translation; with what the manual says the first of them allows. Constants of entries are typed here from
// the manual (SDM vol. 3, 4.3 to 4.7), not taken from the simulator.
#pragma once

#include <array>

#include "machine_code.hpp"

namespace hvlab::test {

/// How the guest's own tables are read.
enum class GuestPaging : u8 { Off, Bits32, Pae, Level4 };

/// One way for a guest to map a page.
struct GuestPage {
  const char* name;
  GuestPaging paging;
  unsigned level;  // of the entry that maps it; 0: no paging
};
inline constexpr GuestPage kGuestPages[] = {
    {"no paging", GuestPaging::Off, 0},         {"32-bit, 4 KiB", GuestPaging::Bits32, 1},
    {"32-bit, 4 MiB", GuestPaging::Bits32, 2},  {"PAE, 4 KiB", GuestPaging::Pae, 1},
    {"PAE, 2 MiB", GuestPaging::Pae, 2},        {"4-level, 4 KiB", GuestPaging::Level4, 1},
    {"4-level, 2 MiB", GuestPaging::Level4, 2}, {"4-level, 1 GiB", GuestPaging::Level4, 3}};

enum class Try : u8 { Read, Write, Fetch };
inline constexpr Try kTries[] = {Try::Read, Try::Write, Try::Fetch};

/// Rights that the guest's last entry gives.
struct GuestRights {
  bool write, user, no_execute;
};

/// The guest's address that is tried, and where its tables lead. Without paging the two are one.
inline constexpr u64 kTriedLinear = 0x8000'1678, kTriedPhysical = 0x4000'1678;

/// Tables at kRoot: the first 8 MiB are themselves, in large pages for all privileges; kTriedLinear leads to
/// kTriedPhysical. Every table is a page of its own.
class GuestTables {
 public:
  static constexpr u64 kRoot = 0x50'0000;

  GuestTables(Machine& machine, const GuestPage& page) : m_(machine), page_(page) {
    if (page.paging == GuestPaging::Off) return;
    for (u64 at = kRoot; at < kRoot + 8 * 4096; at += 8) m_.poke<u64>(at, 0);
    switch (page.paging) {
      case GuestPaging::Bits32:
        for (u32 n = 0; n < 2; ++n) m_.poke<u32>(kRoot + n * 4, n << 22 | 0xE7);
        entries_[2] = kRoot + 0x200 * 4;
        link(2, kRoot + 0x1000, 1 * 4);
        break;
      case GuestPaging::Pae:
        m_.poke<u64>(kRoot, (kRoot + 0x1000) | 1);
        low_pages(kRoot + 0x1000);
        m_.poke<u64>(kRoot + 2 * 8, (kRoot + 0x2000) | 1);
        entries_[2] = kRoot + 0x2000;
        link(2, kRoot + 0x3000, 1 * 8);
        break;
      default:
        m_.poke<u64>(kRoot, (kRoot + 0x4000) | 0x27);
        m_.poke<u64>(kRoot + 0x4000, (kRoot + 0x1000) | 0x27);
        low_pages(kRoot + 0x1000);
        entries_[4] = kRoot;
        entries_[3] = kRoot + 0x4000 + 2 * 8;
        link(3, kRoot + 0x2000, 0);
        link(2, kRoot + 0x3000, 1 * 8);
        break;
    }
  }

  /// The entry that maps the tried page; accessed and dirty flags are clear.
  void map(const GuestRights& r) {
    if (page_.paging == GuestPaging::Off) return;
    u64 value = (page_.level == 1 ? kTriedPhysical & ~u64{0xFFF} : 0x4000'0000) | 1;
    if (r.write) value |= 2;
    if (r.user) value |= 4;
    if (page_.level > 1) value |= 0x80;
    if (r.no_execute) value |= u64{1} << 63;
    if (page_.paging == GuestPaging::Bits32)
      m_.poke<u32>(entry(), static_cast<u32>(value));
    else
      m_.poke<u64>(entry(), value);
  }
  u64 entry() const { return entries_[page_.level]; }
  /// The entry of `level` on the way; 0: there is none.
  u64 entry(unsigned level) const { return level < page_.level ? 0 : entries_[level]; }
  bool has_no_execute() const {
    return page_.paging == GuestPaging::Pae || page_.paging == GuestPaging::Level4;
  }
  u64 linear() const { return page_.paging == GuestPaging::Off ? kTriedPhysical : kTriedLinear; }

 private:
  void low_pages(u64 directory) {
    for (u64 n = 0; n < 4; ++n) m_.poke<u64>(directory + n * 8, n << 21 | 0xE7);
  }
  /// The entry of `level` points at `table`, whose entry at `offset` is the next one, unless it maps the
  /// page.
  void link(unsigned level, u64 table, u64 offset) {
    if (page_.level >= level) return;
    m_.poke<u32>(entries_[level], static_cast<u32>(table | 0x27));
    entries_[level - 1] = table + offset;
  }

  Machine& m_;
  GuestPage page_;
  u64 entries_[5] = {};
};

/// What the guest's tables allow (4.6.1): CR0.WP is set, SMEP and SMAP are clear.
inline bool first_stage_allows(const GuestPage& p, const GuestRights& r, Try what, bool user) {
  if (p.paging == GuestPaging::Off) return true;
  if (user && !r.user) return false;
  if (what == Try::Write) return r.write;
  return what == Try::Read || !r.no_execute;
}

/// The error code of the page fault otherwise (4.7): the page is present.
inline u32 first_stage_error(const GuestTables& t, Try what, bool user) {
  u32 error = 1;
  if (what == Try::Write) error |= 2;
  if (user) error |= 4;
  if (what == Try::Fetch && t.has_no_execute()) error |= 0x10;
  return error;
}

/// Code that tries RBX: MOV EAX,[RBX], MOV [RBX],EAX, JMP RBX; the same bytes in 32-bit code.
inline std::array<u8, 2> code_of(Try what) {
  constexpr std::array<u8, 2> kCodes[] = {{0x8B, 0x03}, {0x89, 0x03}, {0xFF, 0xE3}};
  return kCodes[static_cast<size_t>(what)];
}

/// Where the second stage's page of each size is in RAM: each elsewhere, so that a mix-up shows.
constexpr u64 second_stage_page(unsigned level) {
  return level == 1 ? 0x70'0000 : level == 2 ? 0x60'0000 : 0;
}
constexpr u64 tried_ram(unsigned level) {
  return second_stage_page(level) | (kTriedPhysical & (level == 1   ? 0xFFF
                                                       : level == 2 ? 0x1F'FFFF
                                                                    : 0x3FFF'FFFF));
}

}  // namespace hvlab::test
