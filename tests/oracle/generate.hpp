// Random cases: an encoding, its prefixes and operands, registers that make its addresses meet memory.
#pragma once

#include "forms.hpp"
#include "values.hpp"

namespace hvlab::oracle {

class Generator {
 public:
  /// `amd`: leaves out what AMD's processors decode differently (near branches with 66h in 64-bit mode).
  Generator(const arch::FeatureSet& features, bool amd);

  /// A case that starts with data pages `data`.
  Case next(Random& random, const u8* data);

  /// Encodings known for 64-bit and 32-bit code.
  const std::vector<std::vector<Encoding>>& pool(u8 code_bytes) const {
    return code_bytes == 8 ? pool64_ : pool32_;
  }

 private:
  struct Draft;
  bool attempt(Random& random, const u8* data, Case& c);

  arch::FeatureSet features_;
  bool amd_;
  std::vector<std::vector<Encoding>> pool64_, pool32_;
};

}  // namespace hvlab::oracle
