#include "hv-models/kernel/kernel_map.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/page_table.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/panic.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::kernel {
namespace {

constexpr u64 kGlobal = bit(8), kLarge = bit(7), kLargePage = u64{2} << 20;
constexpr u64 kTable = pte::kPresent | pte::kWrite;
constexpr unsigned kEntries = 512;

u64* new_table() {
  u64* table = static_cast<u64*>(allocate_zeroed_page());
  if (table == nullptr) runtime::panic("no memory for the kernel's page tables");
  return table;
}

// Code and constants can be read and executed, the rest read and written.
u64 image_entry(u64 address) {
  const u64 writable = reinterpret_cast<u64>(writable_begin), end = reinterpret_cast<u64>(image_end);
  if (address < reinterpret_cast<u64>(image_begin) || address >= end) return 0;
  const u64 rights = address < writable ? 0 : pte::kWrite | pte::kNoExecute;
  return (address - runtime::kImageBase) | rights | pte::kPresent | kGlobal;
}

void map_image() {
  u64* directory = new_table();
  const u64 end = reinterpret_cast<u64>(image_end);
  for (u64 at = runtime::kImageBase; at < end; at += kLargePage) {
    u64* pages = new_table();
    for (unsigned i = 0; i < kEntries; ++i) pages[i] = image_entry(at + i * kPageBytes);
    directory[(at - runtime::kImageBase) / kLargePage] = physical(pages) | kTable;
  }
  u64* pointers = table_at(kernel_root[kEntries - 1]);
  pointers[kEntries - 2] = physical(directory) | kTable;
}

// Two megabytes at address 0, for secondary.S.
void map_start_page() {
  u64 *pointers = new_table(), *directory = new_table();
  directory[0] = pte::kPresent | pte::kWrite | kLarge;
  pointers[0] = physical(directory) | kTable;
  kernel_root[0] = physical(pointers) | kTable;
}

void protect_direct_map() {
  u64* pointers = table_at(kernel_root[kEntries / 2]);
  for (unsigned i = 0; i < kEntries; ++i) {
    if ((pointers[i] & pte::kPresent) == 0) continue;
    u64* directory = table_at(pointers[i]);
    for (unsigned j = 0; j < kEntries; ++j) directory[j] |= pte::kNoExecute;
  }
}

// Changing CR4.PGE forgets all translations, global ones too (SDM vol. 3, 4.10.4.1).
void forget_all_translations() {
  const u64 cr4 = runtime::read_cr4();
  runtime::write_cr4(cr4 & ~arch::cr4::kPge);
  runtime::write_cr4(cr4);
}

}  // namespace

void protect_kernel() {
  map_image();
  map_start_page();
  protect_direct_map();
  forget_all_translations();
}

void drop_low_addresses() { kernel_root[0] = 0; }

}  // namespace hvlab::kernel
