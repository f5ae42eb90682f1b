#include "hv-models/hypervisor/guest_memory.hpp"

#include "hv-models/runtime/memory.hpp"

namespace hvlab::hypervisor {

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

u64 GuestMemory::physical(u64 address) const {
  if (address >= bytes_ || blocks_[address / kBlock] == 0) return 0;
  return blocks_[address / kBlock] + address % kBlock;
}

void* GuestMemory::at(u64 address, u64 bytes) const {
  if (bytes == 0 || address >= bytes_ || bytes > bytes_ - address || physical(address) == 0) return nullptr;
  // Blocks that follow each other in the host's memory are as good as one.
  for (u64 i = address / kBlock; i < (address + bytes - 1) / kBlock; ++i) {
    if (blocks_[i] + kBlock != blocks_[i + 1]) return nullptr;
  }
  return runtime::direct<void>(physical(address));
}

bool GuestMemory::read(u64 address, void* to, u64 bytes) const {
  u8* out = static_cast<u8*>(to);
  while (bytes > 0) {
    const u64 left = kBlock - address % kBlock, part = bytes < left ? bytes : left;
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
    const u64 left = kBlock - address % kBlock, part = bytes < left ? bytes : left;
    void* to = at(address, part);
    if (to == nullptr) return false;
    memcpy(to, in, part);
    in += part, address += part, bytes -= part;
  }
  return true;
}

}  // namespace hvlab::hypervisor
