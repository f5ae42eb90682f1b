#include "hv-models/kernel/block_cache.hpp"

#include <new>

#include "hv-models/kernel/checksum.hpp"
#include "hv-models/kernel/error.hpp"

namespace hvlab::kernel::checked {

BlockCache::~BlockCache() {
  for (Slot& slot : slots_) delete[] slot.bytes;
}

bool BlockCache::set_up() {
  for (Slot& slot : slots_) {
    slot.bytes = new (std::nothrow) u8[kBlockBytes];
    if (slot.bytes == nullptr) return false;
  }
  return true;
}

BlockCache::Slot* BlockCache::find(u32 block) {
  for (Slot& slot : slots_) {
    if (slot.block == block) return &slot;
  }
  return nullptr;
}

// The one whose last use is longest ago, empty and written back.
BlockCache::Slot* BlockCache::victim(int& error) {
  Slot* oldest = &slots_[0];
  for (Slot& slot : slots_) {
    if (slot.used < oldest->used) oldest = &slot;
  }
  if (oldest->dirty) error = store_.write(oldest->block, oldest->bytes);
  if (oldest->dirty && error < 0) return nullptr;
  oldest->block = 0;
  oldest->dirty = false;
  return oldest;
}

u8* BlockCache::get(u32 block, u32 checksum, Want want, int& error) {
  if (block == 0 || block >= store_.blocks()) {
    error = kInputOutput;
    return nullptr;
  }
  Slot* slot = find(block);
  if (slot == nullptr) {
    slot = victim(error);
    if (slot == nullptr) return nullptr;
    if (want == Want::Read) {
      error = store_.read(block, slot->bytes);
      if (error < 0) return nullptr;
      if (checksum != 0 && block_checksum(slot->bytes, kBlockBytes / 8) != checksum) {
        error = kInputOutput;
        return nullptr;
      }
    }
    slot->block = block;
  }
  if (want == Want::Fresh) __builtin_memset(slot->bytes, 0, kBlockBytes);
  slot->used = ++time_;
  return slot->bytes;
}

void BlockCache::changed(u32 block) {
  if (Slot* slot = find(block)) slot->dirty = true;
}

void BlockCache::forget(u32 block) {
  if (Slot* slot = find(block)) *slot = {0, false, 0, slot->bytes};
}

int BlockCache::sync() {
  for (Slot& slot : slots_) {
    if (!slot.dirty) continue;
    if (const int result = store_.write(slot.block, slot.bytes); result < 0) return result;
    slot.dirty = false;
  }
  return store_.flush();
}

}  // namespace hvlab::kernel::checked
