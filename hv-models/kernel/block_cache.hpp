// Blocks of a disk in memory: the last used ones, written back when they go or when somebody asks.
#pragma once

#include "hv-models/kernel/checked_layout.hpp"

namespace hvlab::kernel::checked {

/// Where blocks are kept. A test has its own.
class BlockStore {
 public:
  virtual ~BlockStore() = default;
  virtual u32 blocks() const = 0;
  /// 0 or an Error.
  virtual int read(u32 block, void* to) = 0;
  virtual int write(u32 block, const void* from) = 0;
  virtual int flush() = 0;
};

class BlockCache {
 public:
  static constexpr unsigned kBlocks = 64;

  explicit BlockCache(BlockStore& store) : store_(store) {}
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;
  /// False without memory.
  bool set_up();

  enum class Want : u8 { Read, Fresh };
  /// The block's bytes, valid until kBlocks other blocks have been asked for; nullptr and `error` if it
  /// cannot be read. With `checksum`, unless 0, what comes from the disk must have it. Fresh: zeros, whatever
  /// is on the disk.
  u8* get(u32 block, u32 checksum, Want want, int& error);
  /// The block that get() gave has been changed.
  void changed(u32 block);
  /// The block is free: what was written to it need not reach the disk.
  void forget(u32 block);
  /// Writes back all that was changed, and has it reach the medium.
  int sync();

 private:
  struct Slot {
    u32 block = 0;  // 0: empty
    bool dirty = false;
    u64 used = 0;
    u8* bytes = nullptr;
  };
  Slot* find(u32 block);
  Slot* victim(int& error);
  BlockStore& store_;
  Slot slots_[kBlocks];
  u64 time_ = 0;
};

}  // namespace hvlab::kernel::checked
