// A guest's physical memory: blocks of 2 MiB of the host's, anywhere; single pages may have been exchanged.
// What a guest gives as an address is looked up here before anybody follows it.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

class GuestMemory {
 public:
  static constexpr u64 kBlock = u64{2} << 20;
  static constexpr unsigned kMostBlocks = 1024;  // 2 GiB

  /// Takes blocks for so many bytes (a multiple of kBlock), filled with zeros; false without memory.
  bool create(u64 bytes);
  /// Instead: memory that somebody else has, block by block: a process of the hosted model. Physical
  /// addresses.
  void borrow(const u64* blocks, unsigned count);
  /// Instead: a block of the host's at `address`, which is a multiple of kBlock: memory with holes, of the
  /// management machine. False if that is too high.
  bool add(u64 address, u64 block);
  void free();

  /// Puts another page of the host's at `address`, a whole page; `physical` 0: none there any more. False
  /// without memory for the table that the first page of a block needs, or if `address` is too high. Memory
  /// with such pages cannot be freed: some of them are another machine's.
  bool set_page(u64 address, u64 physical);

  /// The end of the highest block.
  u64 bytes() const { return bytes_; }
  /// The host's physical address of the byte at `address`; 0 if there is none.
  u64 physical(u64 address) const;
  /// A pointer to `bytes` bytes that lie in a row in the host's memory; null if they do not, or not all are
  /// there.
  void* at(u64 address, u64 bytes) const;
  /// Bytes anywhere; false if not all are there.
  bool read(u64 address, void* to, u64 bytes) const;
  bool write(u64 address, const void* from, u64 bytes) const;

 private:
  u64 bytes_ = 0;
  bool owned_ = false;
  u64 page_of(u64 address) const;
  u64 blocks_[kMostBlocks] = {};  // 0: none
  u64* pages_[kMostBlocks] = {};  // of blocks whose pages are not all the block's: each page, 0: none
};

}  // namespace hvlab::hypervisor
