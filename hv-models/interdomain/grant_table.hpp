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

/// What the hypervisor knows of one machine's grants.
class GrantUses {
 public:
  enum class Answer : u8 { Yes, NoSuchGrant, NotForYou, ReadOnly, TooOften };

  /// `entry`: a copy of what the table says. Counts a use if the answer is yes.
  Answer begin(u32 number, const GrantEntry& entry, unsigned machine, bool write) {
    if (number >= kGrants || (entry.flags & kGranted) == 0) return Answer::NoSuchGrant;
    if (entry.machine != machine) return Answer::NotForYou;
    if (write && (entry.flags & kReadOnly) != 0) return Answer::ReadOnly;
    if (uses_[number] == 0xff) return Answer::TooOften;
    ++uses_[number];
    pages_[number] = entry.page;
    return Answer::Yes;
  }
  /// The page that the use began with, whatever the table says now.
  u32 page(u32 number) const { return pages_[number]; }
  bool is_used(u32 number) const { return number < kGrants && uses_[number] != 0; }
  /// False if it is not in use.
  bool end(u32 number) {
    if (!is_used(number)) return false;
    --uses_[number];
    return true;
  }

 private:
  u8 uses_[kGrants] = {};
  u32 pages_[kGrants] = {};
};

}  // namespace hvlab::interdomain
