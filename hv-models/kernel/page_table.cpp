#include "hv-models/kernel/page_table.hpp"

#include "hv-models/kernel/memory.hpp"

namespace hvlab::kernel {
namespace {

constexpr unsigned kEntries = 512, kUserEntries = 256, kTopLevel = 3;
constexpr u64 kTable = pte::kPresent | pte::kWrite | pte::kUser;  // rights are given at the last level

unsigned index(u64 address, unsigned level) {
  return static_cast<unsigned>(address >> (12 + 9 * level)) % kEntries;
}

void free_tables(u64* table, unsigned level) {
  const unsigned entries = level == kTopLevel ? kUserEntries : kEntries;
  for (unsigned i = 0; level > 0 && i < entries; ++i) {
    if ((table[i] & pte::kPresent) != 0) free_tables(table_at(table[i]), level - 1);
  }
  free_pages(table);
}

}  // namespace

u64* table_at(u64 entry) { return direct<u64>(entry & pte::kAddress); }

bool PageTable::set_up() {
  u64* top = static_cast<u64*>(allocate_zeroed_page());
  if (top == nullptr) return false;
  for (unsigned i = kUserEntries; i < kEntries; ++i) top[i] = kernel_root[i];
  root_ = physical(top);
  return true;
}

PageTable::~PageTable() {
  if (root_ != 0) free_tables(direct<u64>(root_), kTopLevel);
}

u64* PageTable::entry_or_hole(u64 address, u64& hole) {
  u64* table = direct<u64>(root_);
  for (unsigned level = kTopLevel; level > 0; --level) {
    const u64 next = table[index(address, level)];
    if ((next & pte::kPresent) == 0) {
      hole = u64{kPageBytes} << (9 * level);
      return nullptr;
    }
    table = table_at(next);
  }
  return &table[index(address, 0)];
}

u64* PageTable::entry(u64 address, bool create) {
  u64* table = direct<u64>(root_);
  for (unsigned level = kTopLevel; level > 0; --level) {
    u64& next = table[index(address, level)];
    if ((next & pte::kPresent) == 0) {
      void* fresh = create ? allocate_zeroed_page() : nullptr;
      if (fresh == nullptr) return nullptr;
      next = physical(fresh) | kTable;
    }
    table = table_at(next);
  }
  return &table[index(address, 0)];
}

}  // namespace hvlab::kernel
