// Makes the checksums of a mutated trace right, so that what is behind them is reached.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/record/little_endian.hpp"
#include "sim/record/trace_codec.hpp"

namespace hvlab::fuzz {

inline void repair_trace(std::vector<u8>& file) {
  if (file.size() < record::kFileHeaderBytes) return;
  record::put<u32>(&file[28], record::crc32_of({file.data(), 28}));
  for (size_t at = record::kFileHeaderBytes; at + record::kBlockHeaderBytes <= file.size();) {
    const size_t left = file.size() - at - record::kBlockHeaderBytes;
    const size_t stored = std::min<size_t>(record::take<u32>(&file[at + 12]), left);
    record::put<u32>(&file[at + 20], record::crc32_of({&file[at] + record::kBlockHeaderBytes, stored}));
    record::put<u32>(&file[at + 60], record::crc32_of({&file[at], 60}));
    at += record::kBlockHeaderBytes + stored;
  }
}

}  // namespace hvlab::fuzz
