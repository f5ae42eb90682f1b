// What the fuzz programs share: libFuzzer's entry points, and samples that mutation starts from.
#pragma once

#include <cstring>
#include <initializer_list>
#include <vector>

#include "sim/base/types.hpp"

extern "C" {
/// One input. Whatever goes wrong is found by the sanitizers; the result is 0.
int LLVMFuzzerTestOneInput(const hvlab::u8* data, size_t size);
/// libFuzzer's own mutation.
size_t LLVMFuzzerMutate(hvlab::u8* data, size_t size, size_t most);
}

namespace hvlab::fuzz {

/// For LLVMFuzzerCustomMutator: an input too short to be anything becomes one of `samples`; others are
/// mutated.
inline size_t mutate(u8* data, size_t size, size_t most, unsigned seed,
                     const std::vector<std::vector<u8>>& samples) {
  const std::vector<u8>& sample = samples[seed % samples.size()];
  if (size >= 32 || sample.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, sample.data(), sample.size());
  return sample.size();
}

}  // namespace hvlab::fuzz
