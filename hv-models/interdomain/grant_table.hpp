// Grants: a page of entries in which a virtual machine says which of its pages another machine may use, and
// how. The hypervisor reads an entry once for each use, checks it against the guest's memory, and counts the
// uses, so that the machine cannot take a page back while the other has it.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::interdomain {

struct GrantEntry {
  u32 page;     // guest-physical address / 4096
  u16 machine;  // that may use it
  u8 flags;     // kGranted, kReadOnly
  u8 reserved;
};
inline constexpr u8 kGranted = 1, kReadOnly = 2;
inline constexpr unsigned kGrants = 4096 / sizeof(GrantEntry);

/// What the hypervisor knows of one machine's grants. Several of them can be of the same page: a guest says
/// what it likes.
class GrantUses {
 public:
  enum class Answer : u8 { Yes, NoSuchGrant, NotForYou, ReadOnly, TooOften, AnotherPage };
  enum class Rights : u8 { None, Read, Write };

  /// `entry`: a copy of what the table says. Counts a use if the answer is yes.
  Answer begin(u32 number, const GrantEntry& entry, unsigned machine, bool write) {
    if (number >= kGrants || (entry.flags & kGranted) == 0) return Answer::NoSuchGrant;
    if (entry.machine != machine) return Answer::NotForYou;
    if (write && (entry.flags & kReadOnly) != 0) return Answer::ReadOnly;
    Use& use = uses_[number];
    if (use.count == 0xff) return Answer::TooOften;
    if (use.count != 0 && use.page != entry.page) return Answer::AnotherPage;
    if (use.count == 0) {
      use = {entry.page, first_[entry.page % kChains], 0, false};
      first_[entry.page % kChains] = static_cast<u16>(number + 1);
    }
    ++use.count;
    use.write = use.write || write;
    return Answer::Yes;
  }
  /// The page that the use began with, whatever the table says now.
  u32 page(u32 number) const { return uses_[number].page; }
  bool is_used(u32 number) const { return number < kGrants && uses_[number].count != 0; }
  /// False if it is not in use.
  bool end(u32 number) {
    if (!is_used(number)) return false;
    Use& use = uses_[number];
    if (--use.count != 0) return true;
    u16* link = &first_[use.page % kChains];
    while (*link != number + 1) link = &uses_[*link - 1].next;
    *link = use.next;
    return true;
  }
  /// How many uses of any grant a page has.
  unsigned uses(u32 page) const {
    unsigned count = 0;
    for (u16 link = first_[page % kChains]; link != 0; link = uses_[link - 1].next)
      count += uses_[link - 1].page == page ? uses_[link - 1].count : 0u;
    return count;
  }
  /// What all uses of a page together need.
  Rights rights(u32 page) const {
    Rights found = Rights::None;
    for (u16 link = first_[page % kChains]; link != 0; link = uses_[link - 1].next) {
      const Use& use = uses_[link - 1];
      if (use.page != page) continue;
      if (use.write) return Rights::Write;
      found = Rights::Read;
    }
    return found;
  }

 private:
  static constexpr unsigned kChains = 256;  // of grants in use, by page
  struct Use {
    u32 page;
    u16 next;  // a grant's number + 1; 0 is the end
    u8 count;
    bool write;
  };
  Use uses_[kGrants] = {};
  u16 first_[kChains] = {};
};

}  // namespace hvlab::interdomain
