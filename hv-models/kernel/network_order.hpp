// Numbers as they are on the wire: the highest byte first.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::kernel {

inline u16 get16(const u8* from) { return static_cast<u16>(from[0] << 8 | from[1]); }
inline u32 get32(const u8* from) { return u32{get16(from)} << 16 | get16(from + 2); }
/// The lower 16 bits.
inline void put16(u8* to, u32 value) {
  to[0] = static_cast<u8>(value >> 8);
  to[1] = static_cast<u8>(value);
}
inline void put32(u8* to, u32 value) {
  put16(to, value >> 16);
  put16(to + 2, value);
}

}  // namespace hvlab::kernel
