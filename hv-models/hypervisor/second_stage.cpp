#include "hv-models/hypervisor/second_stage.hpp"

#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/memory.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

constexpr u64 kLarge = bit(7);  // of both vendors' entries
constexpr u64 kAddress = 0x000f'ffff'ffff'f000;
constexpr u64 kPage = 4096, kLargePage = u64{2} << 20;
constexpr unsigned kEntries = 512;

u64* table_at(u64 entry) { return runtime::direct<u64>(entry & kAddress); }
unsigned index(u64 address, unsigned level) {
  return static_cast<unsigned>(address >> (12 + 9 * level) & 511);
}

u64 table_entry(const void* table) { return runtime::physical(table) | vendor().table_bits; }
bool is_present(u64 entry) { return (entry & vendor().present_bits) != 0; }

bool add_table(u64& entry) {
  u64* fresh = static_cast<u64*>(runtime::allocate_zeroed_page());
  if (fresh == nullptr) return false;
  entry = table_entry(fresh);
  return true;
}

// A large page becomes a table of small ones that say the same.
bool split(u64& entry) {
  u64* fresh = static_cast<u64*>(runtime::allocate_zeroed_page());
  if (fresh == nullptr) return false;
  for (unsigned i = 0; i < kEntries; ++i) fresh[i] = (entry & ~kLarge) + i * kPage;
  entry = table_entry(fresh);
  return true;
}

/// The entry for `address` of level `level` (0: small pages, 1: large ones); null without memory.
u64* entry_for(u64 root, u64 address, unsigned level) {
  u64* table = runtime::direct<u64>(root);
  for (unsigned at = 3; at > level; --at) {
    u64& entry = table[index(address, at)];
    if (!is_present(entry)) {
      if (!add_table(entry)) return nullptr;
    } else if ((entry & kLarge) != 0 && !split(entry)) {
      return nullptr;
    }
    table = table_at(entry);
  }
  return &table[index(address, level)];
}

void free_level(u64 table, unsigned level) {
  u64* entries = runtime::direct<u64>(table);
  for (unsigned i = 0; level > 0 && i < kEntries; ++i) {
    if (is_present(entries[i]) && (entries[i] & kLarge) == 0) free_level(entries[i] & kAddress, level - 1);
  }
  runtime::free_pages(entries);
}

}  // namespace

u64 make_tables() {
  void* root = runtime::allocate_zeroed_page();
  return root == nullptr ? 0 : runtime::physical(root);
}

void free_tables(u64 root) { free_level(root, 3); }

bool map(u64 root, u64 guest_physical, u64 physical, u64 bytes, u8 rights) {
  for (u64 done = 0; done < bytes;) {
    const u64 at = guest_physical + done, to = physical + done;
    const bool large = (rights & kSmallPages) == 0 && at % kLargePage == 0 && to % kLargePage == 0 &&
                       bytes - done >= kLargePage;
    u64* entry = entry_for(root, at, large ? 1 : 0);
    if (entry == nullptr) return false;
    if (large && is_present(*entry) && (*entry & kLarge) == 0) free_level(*entry & kAddress, 0);
    *entry = vendor().leaf(to, rights) | (large ? kLarge : 0);
    done += large ? kLargePage : kPage;
  }
  return true;
}

bool unmap(u64 root, u64 guest_physical, u64 bytes) {
  for (u64 done = 0; done < bytes; done += kPage) {
    u64* entry = entry_for(root, guest_physical + done, 0);
    if (entry == nullptr) return false;
    *entry = 0;
  }
  return true;
}

}  // namespace hvlab::hypervisor
