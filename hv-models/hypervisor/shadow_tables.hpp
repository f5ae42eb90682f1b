// The tables that the processor walks instead of a guest's own: filled where the guest uses them, like a TLB,
// and like a TLB allowed to be out of date until the guest says that it has changed its tables (SDM vol. 3,
// 4.10.4). They belong to one virtual processor, as a TLB does.
//
// Each table remembers, entry by entry, what the guest's entry said. When the guest loads CR3, those that
// still say the same stay, so that a change of process costs a comparison and not a page fault for each page.
#pragma once

#include "hv-models/hypervisor/guest_memory.hpp"

namespace hvlab::hypervisor {

/// One page, as it is to be entered. `physical` is the host's, and both addresses are multiples of the page's
/// size.
struct ShadowPage {
  u64 linear = 0, physical = 0;
  bool large = false;  // 2 MiB, else 4 KiB
  bool writable = false, user = false, no_execute = false;
  const u64* guest_entries = nullptr;  // that say so, by level
};

/// What a call has done to entries that the processor may remember.
enum class ShadowChange : u8 {
  Nothing,  // or only added some
  OnePage,
  More,
};

class ShadowTables {
 public:
  static constexpr unsigned kMost = 256, kMostRoots = 8;

  /// Takes all memory that they will ever have: whatever the guest does, it is no more. False without memory.
  bool create();
  void destroy();

  /// Forgets everything. From now on there are so many levels: 4, or 3 for guests that are not in 64-bit
  /// mode. `comparable`: the guest's tables have the same shape, entry by entry.
  void reset(unsigned levels, bool comparable);
  /// The guest has loaded CR3 with the table at `guest_root`.
  void select(u64 guest_root, const GuestMemory& memory);
  /// For the processor's CR3.
  u64 root() const;

  ShadowChange fill(const ShadowPage& page);
  /// The guest has invalidated the page at `linear`.
  ShadowChange invalidate(u64 linear);

  unsigned used() const { return used_; }

 private:
  struct Table {
    u64 entries[512];  // the processor's
    u64 guest[512];    // the guest's, when that was entered
  };
  struct Root {
    unsigned table = kNone;
    u64 guest = 0;
    u64 last_use = 0;
  };
  static constexpr unsigned kNone = kMost;

  unsigned number_of(u64 entry) const;
  unsigned take();
  void free_tree(unsigned table, unsigned level);
  void drop(unsigned table, unsigned index, unsigned level);
  void set(unsigned table, unsigned index, u64 entry, u64 guest);
  void compare(unsigned table, unsigned level, u64 guest_table, const GuestMemory& memory);
  void make_room();
  void add_pointers(unsigned table);

  Table* tables_ = nullptr;
  u64 present_[kMost][8] = {};  // a bit for each entry
  unsigned next_free_[kMost] = {};
  unsigned free_ = kNone, used_ = 0;
  unsigned top_ = 3;  // level of the root
  bool comparable_ = true;
  Root roots_[kMostRoots];
  unsigned current_ = 0;
  u64 uses_ = 0;
};

}  // namespace hvlab::hypervisor
