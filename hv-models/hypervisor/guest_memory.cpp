#include "hv-models/hypervisor/guest_memory.hpp"

#include "hv-models/runtime/memory.hpp"

namespace hvlab::hypervisor {
namespace {

constexpr u64 kPage = 4096;

// The most that surely lies in a row from `address` on.
u64 in_a_row(u64 address, u64 bytes, u64 step) {
  const u64 left = step - address % step;
  return bytes < left ? bytes : left;
}

}  // namespace

bool GuestMemory::create(u64 bytes) {
  constexpr unsigned kBlockOrder = 9;
  owned_ = true;
  while (bytes_ < bytes && bytes_ / kBlock < kMostBlocks) {
    void* block = runtime::allocate_pages(kBlockOrder);
    if (block == nullptr) break;
    memset(block, 0, kBlock);
    blocks_[bytes_ / kBlock] = runtime::physical(block);
    bytes_ += kBlock;
  }
  if (bytes_ >= bytes) return true;
  free();
  return false;
}

void GuestMemory::borrow(const u64* blocks, unsigned count) {
  for (unsigned i = 0; i < count && i < kMostBlocks; ++i) blocks_[i] = blocks[i];
  bytes_ = count * kBlock;
}

bool GuestMemory::add(u64 address, u64 block) {
  if (address / kBlock >= kMostBlocks) return false;
  blocks_[address / kBlock] = block;
  if (address + kBlock > bytes_) bytes_ = address + kBlock;
  return true;
}

void GuestMemory::free() {
  if (owned_) {
    for (u64 i = 0; i < bytes_ / kBlock; ++i) runtime::free_pages(runtime::direct(blocks_[i]));
  }
  bytes_ = 0;
}

bool GuestMemory::set_page(u64 address, u64 physical) {
  const u64 block = address / kBlock;
  if (block >= kMostBlocks) return false;
  if (pages_[block] == nullptr) {
    u64* table = static_cast<u64*>(runtime::allocate_zeroed_page());
    if (table == nullptr) return false;
    for (u64 i = 0; i < kBlock / kPage && blocks_[block] != 0; ++i) table[i] = blocks_[block] + i * kPage;
    __atomic_store_n(&pages_[block], table, __ATOMIC_RELEASE);  // others look at it without a lock
    if (address >= bytes_) bytes_ = (block + 1) * kBlock;
  }
  pages_[block][address % kBlock / kPage] = physical;
  return true;
}

u64 GuestMemory::page_of(u64 address) const {
  const u64 block = address / kBlock, in_block = address % kBlock;
  if (pages_[block] != nullptr) return pages_[block][in_block / kPage];
  return blocks_[block] == 0 ? 0 : blocks_[block] + in_block - in_block % kPage;
}

u64 GuestMemory::physical(u64 address) const {
  if (address >= bytes_) return 0;
  const u64 page = page_of(address);
  return page == 0 ? 0 : page + address % kPage;
}

void* GuestMemory::at(u64 address, u64 bytes) const {
  if (bytes == 0 || address >= bytes_ || bytes > bytes_ - address || physical(address) == 0) return nullptr;
  // What follows each other in the host's memory is as good as one. A block without exchanged pages is looked
  // at once.
  for (u64 at = address, next = 0; at < address + bytes; at = next) {
    const u64 step = pages_[at / kBlock] == nullptr ? kBlock : kPage;
    next = at - at % step + step;
    if (next < address + bytes && page_of(next) != page_of(next - 1) + kPage) return nullptr;
  }
  return runtime::direct<void>(physical(address));
}

bool GuestMemory::read(u64 address, void* to, u64 bytes) const {
  u8* out = static_cast<u8*>(to);
  while (bytes > 0) {
    const u64 block = address / kBlock;
    const u64 part =
        in_a_row(address, bytes, block < kMostBlocks && pages_[block] != nullptr ? kPage : kBlock);
    const void* from = at(address, part);
    if (from == nullptr) return false;
    memcpy(out, from, part);
    out += part, address += part, bytes -= part;
  }
  return true;
}

bool GuestMemory::write(u64 address, const void* from, u64 bytes) const {
  const u8* in = static_cast<const u8*>(from);
  while (bytes > 0) {
    const u64 block = address / kBlock;
    const u64 part =
        in_a_row(address, bytes, block < kMostBlocks && pages_[block] != nullptr ? kPage : kBlock);
    void* to = at(address, part);
    if (to == nullptr) return false;
    memcpy(to, in, part);
    in += part, address += part, bytes -= part;
  }
  return true;
}

}  // namespace hvlab::hypervisor
