// A checksum over the words of a block, against damage by chance; not against somebody who means it.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

/// Of `words` 64-bit words: order-sensitive (FNV-1a over words, finally mixed), never 0.
inline u32 block_checksum(const void* from, size_t words) {
  u64 state = 0xcbf2'9ce4'8422'2325;
  for (size_t i = 0; i < words; ++i) {
    u64 word;
    __builtin_memcpy(&word, static_cast<const u8*>(from) + i * 8, 8);
    state = (state ^ word) * 0x100'0000'01b3 + (state >> 47);
  }
  state ^= state >> 31;
  state *= 0x9e37'79b9'7f4a'7c15;
  const u32 result = static_cast<u32>(state >> 32) ^ static_cast<u32>(state);
  return result != 0 ? result : 1;
}

}  // namespace hvlab::kernel
