// The file system of checked_layout.hpp: nodes by number, on any BlockStore. Not for several callers at a
// time.
#pragma once

#include "hv-models/kernel/block_cache.hpp"
#include "hv-models/kernel/checked_layout.hpp"

namespace hvlab::kernel::checked {

class CheckedFiles {
 public:
  explicit CheckedFiles(BlockStore& store) : store_(store), cache_(store) {}
  ~CheckedFiles();
  CheckedFiles(const CheckedFiles&) = delete;
  CheckedFiles& operator=(const CheckedFiles&) = delete;

  /// Makes an empty file system. 0 or an Error, as everywhere here.
  static int format(BlockStore& store);
  /// Reads what there is. kInvalid: this is no such file system.
  int mount();

  int read_node(u32 number, DiskNode& node);
  /// Bytes read (fewer than asked for at the end), or written.
  i64 read(u32 number, u64 offset, void* to, size_t bytes);
  i64 write(u32 number, u64 offset, const void* from, size_t bytes);
  int truncate(u32 number);

  int look_up(u32 folder, const char* name, u32& found);
  int create(u32 folder, const char* name, Kind kind, u32& made);
  /// Takes the entry out; its node stays until free_node().
  int remove(u32 folder, const char* name, Kind kind, u32& removed);
  int free_node(u32 number);
  /// The used entry at `index`, counted from 0; kNoEntry past the last.
  int entry(u32 folder, u64 index, Entry& to);

  int sync() { return cache_.sync(); }
  u32 free_blocks() const { return free_blocks_; }

 private:
  struct Way {  // from a node to one of its blocks: which pointer of the node, then which of each block of
                // pointers
    Pointer* root;
    unsigned depth;
    u32 index[2];
  };
  static Way way_to(DiskNode& node, u64 block);
  int write_node(u32 number, DiskNode& node);
  const u8* block_for_reading(const Way& way, int& error);
  int write_block(const Way& way, u32 offset, const u8* from, u32 bytes);
  u32 allocate_block();
  void release_block(u32 block);
  void free_tree(const Pointer& pointer, unsigned depth);
  void mark_tree(const Pointer& pointer, unsigned depth);
  int new_node(Kind kind, u32& number);
  int find_entry(u32 folder, const char* name, u64& place, Entry& entry);
  int find_free_place(u32 folder, u64& place);

  BlockStore& store_;
  BlockCache cache_;
  FirstBlock first_ = {};
  u8* used_ = nullptr;  // one byte a block: 1 if it is used
  u32 free_blocks_ = 0, next_block_ = 0;
};

}  // namespace hvlab::kernel::checked
