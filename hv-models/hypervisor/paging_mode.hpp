// The shape of page tables in each paging mode (SDM vol. 3, 4.1.1), and the bits of their entries.
#pragma once

#include "hv-models/hypervisor/virtual_processor.hpp"
#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {

namespace entry {
inline constexpr u64 kPresent = bit(0), kWrite = bit(1), kUser = bit(2), kAccessed = bit(5), kDirty = bit(6),
                     kLarge = bit(7), kNoExecute = bit(63), kAddress = 0x000f'ffff'ffff'f000;
}  // namespace entry

struct PagingMode {
  unsigned levels;  // 0: no paging
  unsigned entry_bytes;
  unsigned index_bits;

  unsigned shift(unsigned level) const { return 12 + index_bits * level; }
  u64 index(u64 linear, unsigned level) const { return linear >> shift(level) & low_mask(index_bits); }
  /// PAE's top level is four registers: entries without rights, and without an accessed bit (4.4.1).
  bool is_register(unsigned level) const { return levels == 3 && level == 2; }
  /// The top table that CR3 names.
  u64 root(u64 cr3) const {
    if (levels == 4) return cr3 & entry::kAddress;
    return cr3 & (levels == 3 ? 0xffff'ffe0 : 0xffff'f000);
  }
};

inline PagingMode paging_mode(const Registers& r) {
  if ((r.cr0 & arch::cr0::kPg) == 0) return {0, 0, 0};
  if ((r.cr4 & arch::cr4::kPae) == 0) return {2, 4, 10};
  return (r.efer & arch::efer::kLma) != 0 ? PagingMode{4, 8, 9} : PagingMode{3, 8, 9};
}

}  // namespace hvlab::hypervisor
