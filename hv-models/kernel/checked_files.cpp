// Nodes, their blocks, and free space. Folders are in checked_folders.cpp.
#include "hv-models/kernel/checked_files.hpp"

#include <new>

#include "hv-models/kernel/checksum.hpp"
#include "hv-models/kernel/error.hpp"

namespace hvlab::kernel::checked {
namespace {

constexpr u32 kNodesOfADisk = 1024;

// Their words with the checksum's own field as 0.
u32 node_checksum(DiskNode node) {
  node.checksum = 0;
  return block_checksum(&node, sizeof node / 8);
}
u32 first_checksum(FirstBlock first) {
  first.checksum = 0;
  return block_checksum(&first, sizeof first / 8);
}

u32 table_block(u32 number) { return 1 + number / kNodesPerBlock; }
u32 table_offset(u32 number) { return number % kNodesPerBlock * static_cast<u32>(sizeof(DiskNode)); }

Pointer pointer_at(const u8* block, u32 index) {
  Pointer pointer;
  __builtin_memcpy(&pointer, block + index * sizeof pointer, sizeof pointer);
  return pointer;
}

}  // namespace

CheckedFiles::~CheckedFiles() { delete[] used_; }

int CheckedFiles::format(BlockStore& store) {
  BlockCache cache(store);
  if (!cache.set_up()) return kNoMemory;
  FirstBlock first{kMagic, store.blocks(), kNodesOfADisk, 1 + kNodesOfADisk / kNodesPerBlock, 0, 0};
  if (first.blocks <= first.first_content) return kNoSpace;
  first.checksum = first_checksum(first);
  int error = 0;
  for (u32 block = 1; block < first.first_content; ++block) {
    u8* bytes = cache.get(block, 0, BlockCache::Want::Fresh, error);
    if (bytes == nullptr) return error;
    if (block == table_block(kRootNode)) {
      DiskNode root{};
      root.kind = Kind::Folder;
      root.checksum = node_checksum(root);
      __builtin_memcpy(bytes + table_offset(kRootNode), &root, sizeof root);
    }
    cache.changed(block);
  }
  if (error = cache.sync(); error < 0) return error;
  u8* block = new (std::nothrow) u8[kBlockBytes]();
  if (block == nullptr) return kNoMemory;
  __builtin_memcpy(block, &first, sizeof first);
  error = store.write(0, block);
  delete[] block;
  return error < 0 ? error : store.flush();
}

int CheckedFiles::mount() {
  if (!cache_.set_up()) return kNoMemory;
  u8* block = new (std::nothrow) u8[kBlockBytes];
  if (block == nullptr) return kNoMemory;
  const int result = store_.read(0, block);
  __builtin_memcpy(&first_, block, sizeof first_);
  delete[] block;
  if (result < 0) return result;
  if (first_.magic != kMagic || first_.checksum != first_checksum(first_) || first_.blocks > store_.blocks())
    return kInvalid;
  used_ = new (std::nothrow) u8[first_.blocks]();
  if (used_ == nullptr) return kNoMemory;
  for (u32 i = 0; i < first_.first_content; ++i) used_[i] = 1;
  free_blocks_ = first_.blocks - first_.first_content;
  next_block_ = first_.first_content;
  for (u32 number = kRootNode; number < first_.nodes; ++number) {
    DiskNode node;
    if (read_node(number, node) < 0 || node.kind == Kind::Free) continue;
    for (const Pointer& pointer : node.direct) mark_tree(pointer, 0);
    mark_tree(node.indirect, 1);
    mark_tree(node.double_indirect, 2);
  }
  return 0;
}

void CheckedFiles::mark_tree(const Pointer& pointer, unsigned depth) {
  if (pointer.block < first_.first_content || pointer.block >= first_.blocks || used_[pointer.block] != 0)
    return;
  used_[pointer.block] = 1;
  --free_blocks_;
  for (u32 i = 0; depth > 0 && i < kPointersPerBlock; ++i) {
    int error = 0;
    const u8* block = cache_.get(pointer.block, pointer.checksum, BlockCache::Want::Read, error);
    if (block == nullptr) return;  // whoever reads the file will be told
    mark_tree(pointer_at(block, i), depth - 1);
  }
}

u32 CheckedFiles::allocate_block() {
  for (u32 tries = 0; free_blocks_ > 0 && tries < first_.blocks; ++tries) {
    const u32 block = next_block_;
    next_block_ = block + 1 < first_.blocks ? block + 1 : first_.first_content;
    if (used_[block] != 0) continue;
    used_[block] = 1;
    --free_blocks_;
    return block;
  }
  return 0;
}

void CheckedFiles::release_block(u32 block) {
  if (block < first_.first_content || block >= first_.blocks || used_[block] == 0) return;
  used_[block] = 0;
  ++free_blocks_;
  cache_.forget(block);
}

int CheckedFiles::read_node(u32 number, DiskNode& node) {
  if (number == 0 || number >= first_.nodes) return kInputOutput;
  int error = 0;
  const u8* block = cache_.get(table_block(number), 0, BlockCache::Want::Read, error);
  if (block == nullptr) return error;
  __builtin_memcpy(&node, block + table_offset(number), sizeof node);
  const bool never_used = node.kind == Kind::Free && node.checksum == 0;
  return never_used || node.checksum == node_checksum(node) ? 0 : int{kInputOutput};
}

int CheckedFiles::write_node(u32 number, DiskNode& node) {
  int error = 0;
  u8* block = cache_.get(table_block(number), 0, BlockCache::Want::Read, error);
  if (block == nullptr) return error;
  node.checksum = node_checksum(node);
  __builtin_memcpy(block + table_offset(number), &node, sizeof node);
  cache_.changed(table_block(number));
  return 0;
}

CheckedFiles::Way CheckedFiles::way_to(DiskNode& node, u64 block) {
  if (block < kDirect) return {&node.direct[block], 0, {}};
  block -= kDirect;
  if (block < kPointersPerBlock) return {&node.indirect, 1, {static_cast<u32>(block)}};
  block -= kPointersPerBlock;
  return {&node.double_indirect,
          2,
          {static_cast<u32>(block / kPointersPerBlock), static_cast<u32>(block % kPointersPerBlock)}};
}

// nullptr without error: a block of zeros.
const u8* CheckedFiles::block_for_reading(const Way& way, int& error) {
  Pointer at = *way.root;
  for (unsigned level = 0; at.block != 0; ++level) {
    const u8* block = cache_.get(at.block, at.checksum, BlockCache::Want::Read, error);
    if (block == nullptr || level == way.depth) return block;
    at = pointer_at(block, way.index[level]);
  }
  return nullptr;
}

// Changes a part of a block, and the checksums of all that lead to it.
int CheckedFiles::write_block(const Way& way, u32 offset, const u8* from, u32 bytes) {
  u32 blocks[3], fresh[3];
  unsigned fresh_count = 0;
  Pointer at = *way.root;
  int error = 0;
  u8* block = nullptr;
  for (unsigned level = 0; level <= way.depth; ++level) {
    const bool missing = at.block == 0;
    if (missing) {
      at.block = fresh[fresh_count++] = allocate_block();
      error = at.block == 0 ? int{kNoSpace} : 0;
    }
    if (error == 0) {
      block = cache_.get(at.block, at.checksum, missing ? BlockCache::Want::Fresh : BlockCache::Want::Read,
                         error);
    }
    if (error < 0) {
      while (fresh_count > 0) release_block(fresh[--fresh_count]);
      return error;
    }
    blocks[level] = at.block;
    if (level < way.depth) at = pointer_at(block, way.index[level]);
  }
  __builtin_memcpy(block + offset, from, bytes);
  for (unsigned level = way.depth;; --level) {
    cache_.changed(blocks[level]);
    const Pointer pointer{blocks[level], block_checksum(block, kBlockBytes / 8)};
    if (level == 0) {
      *way.root = pointer;
      return 0;
    }
    block = cache_.get(blocks[level - 1], 0, BlockCache::Want::Read, error);
    if (block == nullptr) return error;
    __builtin_memcpy(block + way.index[level - 1] * sizeof pointer, &pointer, sizeof pointer);
  }
}

i64 CheckedFiles::read(u32 number, u64 offset, void* to, size_t bytes) {
  DiskNode node;
  if (const int result = read_node(number, node); result < 0) return result;
  if (offset >= node.size) return 0;
  if (bytes > node.size - offset) bytes = node.size - offset;
  for (size_t done = 0; done < bytes;) {
    const u32 at = static_cast<u32>((offset + done) % kBlockBytes);
    const size_t part = bytes - done < kBlockBytes - at ? bytes - done : kBlockBytes - at;
    int error = 0;
    const u8* block = block_for_reading(way_to(node, (offset + done) / kBlockBytes), error);
    if (error < 0) return error;
    if (block != nullptr) {
      __builtin_memcpy(static_cast<u8*>(to) + done, block + at, part);
    } else {
      __builtin_memset(static_cast<u8*>(to) + done, 0, part);
    }
    done += part;
  }
  return static_cast<i64>(bytes);
}

i64 CheckedFiles::write(u32 number, u64 offset, const void* from, size_t bytes) {
  constexpr u64 kLargest = kMostBlocks * kBlockBytes;
  DiskNode node;
  if (const int result = read_node(number, node); result < 0) return result;
  if (offset > kLargest || bytes > kLargest - offset) return kNoSpace;
  size_t done = 0;
  int error = 0;
  while (done < bytes && error == 0) {
    const u32 at = static_cast<u32>((offset + done) % kBlockBytes);
    const u32 part = bytes - done < kBlockBytes - at ? static_cast<u32>(bytes - done) : kBlockBytes - at;
    error = write_block(way_to(node, (offset + done) / kBlockBytes), at, static_cast<const u8*>(from) + done,
                        part);
    if (error == 0) done += part;
  }
  if (done > 0 && offset + done > node.size) node.size = offset + done;
  if (const int result = write_node(number, node); result < 0) return result;
  return done > 0 || bytes == 0 ? static_cast<i64>(done) : i64{error};
}

void CheckedFiles::free_tree(const Pointer& pointer, unsigned depth) {
  if (pointer.block == 0) return;
  for (u32 i = 0; depth > 0 && i < kPointersPerBlock; ++i) {
    int error = 0;
    const u8* block = cache_.get(pointer.block, pointer.checksum, BlockCache::Want::Read, error);
    if (block == nullptr) break;  // what it leads to is free again after the next mount
    free_tree(pointer_at(block, i), depth - 1);
  }
  release_block(pointer.block);
}

int CheckedFiles::truncate(u32 number) {
  DiskNode node;
  if (const int result = read_node(number, node); result < 0) return result;
  for (const Pointer& pointer : node.direct) free_tree(pointer, 0);
  free_tree(node.indirect, 1);
  free_tree(node.double_indirect, 2);
  DiskNode empty{};
  empty.kind = node.kind;
  empty.generation = node.generation;
  return write_node(number, empty);
}

int CheckedFiles::new_node(Kind kind, u32& number) {
  for (number = kRootNode + 1; number < first_.nodes; ++number) {
    DiskNode node;
    if (read_node(number, node) < 0 || node.kind != Kind::Free) continue;
    DiskNode fresh{};
    fresh.kind = kind;
    fresh.generation = node.generation + 1;
    return write_node(number, fresh);
  }
  return kNoSpace;
}

int CheckedFiles::free_node(u32 number) {
  DiskNode node;
  if (const int result = truncate(number); result < 0) return result;
  if (const int result = read_node(number, node); result < 0) return result;
  node.kind = Kind::Free;
  return write_node(number, node);
}

}  // namespace hvlab::kernel::checked
