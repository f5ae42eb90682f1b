// Filling in the 256 words of IDENTIFY (PACKET) DEVICE (ATA/ATAPI-6, 8.15.7).
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::devices {

inline void put_word(std::vector<u8>& data, unsigned word, u64 value) {
  data[2 * word] = static_cast<u8>(value);
  data[2 * word + 1] = static_cast<u8>(value >> 8);
}

inline void put_long(std::vector<u8>& data, unsigned word, u64 value, unsigned words) {
  for (unsigned i = 0; i < words; ++i) put_word(data, word + i, value >> (16 * i));
}

/// Texts are padded with blanks, the first of each pair of characters in the high byte.
inline void put_text(std::vector<u8>& data, unsigned word, unsigned words, const std::string& text) {
  for (unsigned i = 0; i < 2 * words; ++i)
    data[2 * word + (i ^ 1)] = static_cast<u8>(i < text.size() ? text[i] : ' ');
}

/// Word 255: the mark A5h, and what makes the sum of all bytes zero.
inline void put_checksum(std::vector<u8>& data) {
  put_word(data, 255, 0x00a5);
  data[511] = static_cast<u8>(-std::accumulate(data.begin(), data.end() - 1, 0));
}

}  // namespace hvlab::devices
