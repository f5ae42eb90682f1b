// Numbers in files: little-endian, at any alignment.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::record {

/// Writes `value` in sizeof(T) bytes.
template <class T>
void put(u8* at, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<u8>(u64{value} >> (8 * i));
}

/// Reads sizeof(T) bytes.
template <class T>
T take(const u8* from) {
  u64 value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= u64{from[i]} << (8 * i);
  return static_cast<T>(value);
}

}  // namespace hvlab::record
