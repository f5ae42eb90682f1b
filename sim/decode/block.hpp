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
    return static_cast<u8>((code_bytes == 8 ? 2 : code_bytes == 4 ? 1 : 0) | (stack_bytes == 2 ? 4 : 0) | (roomy ? 8 : 0));
  }
};

inline constexpr unsigned kMaxBlockOps = 48;

/// A block's head; its operations follow it in memory, the last one a terminator that leaves the block.
struct Block {
  u64 key = 0;              // host address of the first byte, mode key in bits 56..63
  Block* link[2] = {};      // where a fall-through (0) and a taken branch (1) lead, once known
  Block* next_in_bucket = nullptr;
  Block* next_in_page = nullptr;
  const u8* second_page = nullptr;  // host address of the page in which a page-crossing instruction ends
  u64 page = 0;             // physical page number
  u32 bytes = 0;            // of code
  u32 cost = 0;             // cycles of all operations
  u16 page_offset = 0;
  u8 operations = 0;        // without the terminator that a block without a branch gets
  bool dead = false;        // its bytes have changed: not to be entered or gone on with
  bool linkable[2] = {false, false};  // both ends of the transfer lie in the same page

  Op* ops() { return reinterpret_cast<Op*>(this + 1); }
  const Op* ops() const { return reinterpret_cast<const Op*>(this + 1); }
};

/// The block an operation stands in.
inline Block* block_of(const Op* op) {
  return reinterpret_cast<Block*>(const_cast<Op*>(op - op->number)) - 1;
}

static_assert(alignof(Block) >= alignof(Op) && sizeof(Block) % alignof(Op) == 0);

}  // namespace hvlab::decode
