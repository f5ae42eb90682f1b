#include "hv-models/hypervisor/shadow_tables.hpp"

#include "hv-models/hypervisor/paging_mode.hpp"
#include "hv-models/runtime/memory.hpp"

namespace hvlab::hypervisor {
namespace {

using namespace entry;

constexpr unsigned kOrder = 9;  // 2 MiB for all tables
constexpr u64 kPage = 4096;

unsigned index_of(u64 linear, unsigned level) {
  return static_cast<unsigned>(linear >> (12 + 9 * level)) % 512;
}

// Accessed and dirty are set beforehand: nobody asks, and the processor need not write them.
u64 leaf(const ShadowPage& page) {
  return page.physical | kPresent | kAccessed | kDirty | (page.large ? kLarge : 0) |
         (page.writable ? kWrite : 0) | (page.user ? kUser : 0) | (page.no_execute ? kNoExecute : 0);
}

bool is_leaf(u64 entry, unsigned level) { return level == 0 || (entry & kLarge) != 0; }

}  // namespace

bool ShadowTables::create() {
  static_assert(sizeof(Table) * kMost == kPage << kOrder);
  tables_ = static_cast<Table*>(runtime::allocate_pages(kOrder));
  if (tables_ == nullptr) return false;
  reset(3, false);
  return true;
}

void ShadowTables::destroy() {
  if (tables_ != nullptr) runtime::free_pages(tables_);
  tables_ = nullptr;
}

void ShadowTables::reset(unsigned levels, bool comparable) {
  top_ = levels - 1;
  comparable_ = comparable;
  for (Root& each : roots_) each = {};
  for (unsigned i = 0; i < kMost; ++i) next_free_[i] = i + 1;
  free_ = 0;
  used_ = 0;
}

u64 ShadowTables::root() const { return runtime::physical(tables_[roots_[current_].table].entries); }

unsigned ShadowTables::number_of(u64 entry) const {
  return static_cast<unsigned>(((entry & kAddress) - runtime::physical(tables_)) / sizeof(Table));
}

// An empty table, or kNone.
unsigned ShadowTables::take() {
  const unsigned table = free_;
  if (table == kNone) return kNone;
  free_ = next_free_[table];
  ++used_;
  memset(tables_[table].entries, 0, sizeof tables_[table].entries);
  for (u64& word : present_[table]) word = 0;
  return table;
}

void ShadowTables::free_tree(unsigned table, unsigned level) {
  for (unsigned word = 0; level > 0 && word < 8; ++word) {
    for (u64 left = present_[table][word]; left != 0; left &= left - 1) {
      const u64 entry = tables_[table].entries[64 * word + static_cast<unsigned>(__builtin_ctzll(left))];
      if (!is_leaf(entry, level)) free_tree(number_of(entry), level - 1);
    }
  }
  next_free_[table] = free_;
  free_ = table;
  --used_;
}

void ShadowTables::set(unsigned table, unsigned index, u64 entry, u64 guest) {
  tables_[table].entries[index] = entry;
  tables_[table].guest[index] = guest;
  present_[table][index / 64] |= bit(index % 64);
}

void ShadowTables::drop(unsigned table, unsigned index, unsigned level) {
  u64& entry = tables_[table].entries[index];
  if (!is_leaf(entry, level)) free_tree(number_of(entry), level - 1);
  entry = 0;
  present_[table][index / 64] &= ~bit(index % 64);
}

// Drops what no longer says what the guest's table says. An entry of a large page may have a table of small
// ones here: there is nothing further of the guest's to compare with.
void ShadowTables::compare(unsigned table, unsigned level, u64 guest_table, const GuestMemory& memory) {
  const u64* guest = static_cast<const u64*>(memory.at(guest_table, kPage));
  for (unsigned word = 0; word < 8; ++word) {
    for (u64 left = present_[table][word]; left != 0; left &= left - 1) {
      const unsigned i = 64 * word + static_cast<unsigned>(__builtin_ctzll(left));
      const u64 said = tables_[table].guest[i], entry = tables_[table].entries[i];
      if (guest == nullptr || __atomic_load_n(&guest[i], __ATOMIC_RELAXED) != said) {
        drop(table, i, level);
      } else if (!is_leaf(entry, level) && (said & kLarge) == 0) {
        compare(number_of(entry), level - 1, said & kAddress, memory);
      }
    }
  }
}

// PAE's top level is loaded with CR3 (SDM vol. 3, 4.4.1), so it is complete from the beginning.
void ShadowTables::add_pointers(unsigned table) {
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned child = take();
    set(table, i, runtime::physical(tables_[child].entries) | kPresent, 0);
  }
}

void ShadowTables::select(u64 guest_root, const GuestMemory& memory) {
  if (!comparable_) {
    reset(top_ + 1, false);
    guest_root = 0;
  }
  unsigned oldest = 0;
  for (unsigned i = 0; i < kMostRoots; ++i) {
    Root& root = roots_[i];
    if (root.table != kNone && root.guest == guest_root) {
      current_ = i;
      root.last_use = ++uses_;
      return compare(root.table, top_, guest_root, memory);
    }
    if (root.last_use < roots_[oldest].last_use) oldest = i;
  }
  current_ = oldest;
  Root& root = roots_[current_];
  if (root.table != kNone) free_tree(root.table, top_);
  root = {kNone, guest_root, ++uses_};
  make_room();
  root.table = take();
  if (top_ == 2) add_pointers(root.table);
}

// Enough for one more page, and a root: if need be by giving up other address spaces, and then this one. Its
// root stays where it is, since what is freed last is taken first.
void ShadowTables::make_room() {
  constexpr unsigned kEnough = 6;
  for (Root& each : roots_) {
    if (kMost - used_ >= kEnough) return;
    if (&each == &roots_[current_] || each.table == kNone) continue;
    free_tree(each.table, top_);
    each = {};
  }
  const unsigned own = roots_[current_].table;
  if (kMost - used_ >= kEnough || own == kNone) return;
  free_tree(own, top_);
  roots_[current_].table = take();
  if (top_ == 2) add_pointers(roots_[current_].table);
}

ShadowChange ShadowTables::fill(const ShadowPage& page) {
  ShadowChange change = ShadowChange::Nothing;
  const unsigned before = used_;
  make_room();
  if (used_ < before) change = ShadowChange::More;
  unsigned table = roots_[current_].table;
  const unsigned last = page.large ? 1 : 0;
  for (unsigned level = top_; level > last; --level) {
    const unsigned i = index_of(page.linear, level);
    const u64 entry = tables_[table].entries[i], guest = comparable_ ? page.guest_entries[level] : 0;
    const bool present = (entry & kPresent) != 0;
    if (present && (is_leaf(entry, level) || tables_[table].guest[i] != guest)) {
      drop(table, i, level);
      change = ShadowChange::More;
    }
    if ((tables_[table].entries[i] & kPresent) == 0) {
      const unsigned child = take();
      // Rights are given where the page is.
      set(table, i, runtime::physical(tables_[child].entries) | kPresent | kWrite | kUser | kAccessed, guest);
    }
    table = number_of(tables_[table].entries[i]);
  }
  const unsigned i = index_of(page.linear, last);
  const u64 present = tables_[table].entries[i];
  if ((present & kPresent) != 0) {
    if (change == ShadowChange::Nothing)
      change = is_leaf(present, last) ? ShadowChange::OnePage : ShadowChange::More;
    drop(table, i, last);
  }
  set(table, i, leaf(page), comparable_ ? page.guest_entries[last] : 0);
  return change;
}

ShadowChange ShadowTables::invalidate(u64 linear) {
  if (!comparable_) {  // a page of the guest's may be several here
    select(0, {});
    return ShadowChange::More;
  }
  unsigned table = roots_[current_].table;
  for (unsigned level = top_;; --level) {
    const unsigned i = index_of(linear, level);
    const u64 entry = tables_[table].entries[i];
    if ((entry & kPresent) == 0) return ShadowChange::Nothing;
    const bool leaf_here = is_leaf(entry, level);
    if (leaf_here || (tables_[table].guest[i] & kLarge) != 0) {
      drop(table, i, level);
      return leaf_here ? ShadowChange::OnePage : ShadowChange::More;
    }
    table = number_of(entry);
  }
}

}  // namespace hvlab::hypervisor
