// A block: decoded instructions that run one after the other, from one page of one mode.
#pragma once

#include "sim/decode/op.hpp"

namespace hvlab::decode {

/// The modes that decide how bytes decode and what handlers may assume.
struct BlockMode {
  u8 code_bytes = 4;   // 2, 4, 8
  u8 stack_bytes = 4;  // 2, 4, 8
  /// The code segment's limit reaches beyond the page, so that no instruction of it needs a limit check.
  bool roomy = true;

  constexpr u8 key() const {
    return static_cast<u8>((code_bytes == 8   ? 2
                            : code_bytes == 4 ? 1
                                              : 0) |
                           (stack_bytes == 2 ? 4 : 0) | (roomy ? 8 : 0));
  }
};

inline constexpr unsigned kMaxBlockOps = 48;

/// A block's head; its operations follow it in memory, then a terminator that goes on with the next block.
struct Block {
  u64 key = 0;          // host address of the first byte, mode key in bits 56..63
  Block* link[2] = {};  // where a fall-through (0) and a taken branch (1) lead, once known
  Block* next_in_bucket = nullptr;
  const u8* second_page = nullptr;  // host address of the page in which a page-crossing instruction ends
  u64 page = 0;                     // physical page number
  u64 second_page_number = 0;
  u32 bytes = 0;  // of code
  u32 cost = 0;   // cycles of all operations
  u16 page_offset = 0;
  u16 watched =
      0;  // bytes from the first whose change ends the block: more than `bytes` where they are no instruction
  u8 operations = 0;                  // without the terminator
  bool dead = false;                  // its bytes have changed: not to be entered or gone on with
  bool linkable[2] = {false, false};  // both ends of the transfer lie in the same page

  Op* ops() { return reinterpret_cast<Op*>(this + 1); }
  const Op* ops() const { return reinterpret_cast<const Op*>(this + 1); }
};

/// A direct-mapped cache of blocks by key, looked at by the handlers of indirect and page-crossing branches.
struct JumpEntry {
  u64 key = 0;
  Block* block = nullptr;
};
inline constexpr size_t kJumpEntries = 1 << 14;
inline size_t jump_index(u64 key) { return (key ^ (key >> 14)) & (kJumpEntries - 1); }

/// The key of a block that starts at `host` in a mode with key `mode`.
inline u64 block_key(const u8* host, u8 mode) { return reinterpret_cast<u64>(host) | (u64{mode} << 56); }

/// The block an operation stands in.
inline Block* block_of(const Op* op) {
  return reinterpret_cast<Block*>(const_cast<Op*>(op - op->number)) - 1;
}

static_assert(alignof(Block) >= alignof(Op) && sizeof(Block) % alignof(Op) == 0);

}  // namespace hvlab::decode
