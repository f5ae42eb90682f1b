#include "hv-models/svm/nested_tables.hpp"

#include "hv-models/runtime/memory.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::svm {
namespace {

using runtime::direct;

constexpr u64 kPresent = bit(0), kWrite = bit(1), kUser = bit(2), kLarge = bit(7);
constexpr u64 kAddress = 0x000f'ffff'ffff'f000;
constexpr unsigned kEntries = 512, kLevels = 4, kPageShift = 12, kLevelShift = 9;

void free_table(u64 table, unsigned level) {
  const u64* entries = direct<u64>(table);
  for (unsigned i = 0; level > 1 && i < kEntries; ++i) {
    if ((entries[i] & kPresent) != 0 && (entries[i] & kLarge) == 0)
      free_table(entries[i] & kAddress, level - 1);
  }
  runtime::free_pages(direct<void>(table));
}

}  // namespace

NestedTables::~NestedTables() {
  if (root_ != 0) free_table(root_, kLevels);
}

bool NestedTables::set_up() {
  void* root = runtime::allocate_zeroed_page();
  if (root != nullptr) root_ = runtime::physical(root);
  return root != nullptr;
}

// The entry of `level` (1: of a page, 2: of 2 MiB) for `guest`, with the tables above it; nullptr without
// memory.
u64* NestedTables::entry(u64 guest, unsigned level) {
  u64* table = direct<u64>(root_);
  for (unsigned at = kLevels; at > level; --at) {
    u64& slot = table[guest >> (kPageShift + kLevelShift * (at - 1)) & (kEntries - 1)];
    if ((slot & kPresent) == 0) {
      void* fresh = runtime::allocate_zeroed_page();
      if (fresh == nullptr) return nullptr;
      slot = runtime::physical(fresh) | kPresent | kWrite | kUser;
    }
    table = direct<u64>(slot & kAddress);
  }
  return &table[guest >> (kPageShift + kLevelShift * (level - 1)) & (kEntries - 1)];
}

bool NestedTables::map(u64 guest, u64 physical, bool writable) {
  u64* slot = entry(guest, 1);
  if (slot != nullptr) *slot = physical | kPresent | kUser | (writable ? kWrite : 0);
  return slot != nullptr;
}

bool NestedTables::map_large(u64 guest, u64 physical) {
  u64* slot = entry(guest, 2);
  if (slot != nullptr) *slot = physical | kPresent | kUser | kWrite | kLarge;
  return slot != nullptr;
}

void NestedTables::unmap(u64 guest) {
  if (u64* slot = entry(guest, 1); slot != nullptr) *slot = 0;
}

}  // namespace hvlab::svm
