// Random cases: an encoding, its prefixes and operands, registers that make its addresses meet memory.
#pragma once

#include "forms.hpp"
#include "values.hpp"

namespace hvlab::oracle {

class Generator {
 public:
  /// `amd`: leaves out what AMD's processors decode differently (near branches with 66h in 64-bit mode).
  Generator(const arch::FeatureSet& features, bool amd);

  /// An encoding in 64-bit or 32-bit code.
  struct Numbered {
    Encoding encoding;
    u8 code_bytes;
  };
  /// All that are asked of the host; Case::form counts in them.
  const std::vector<Numbered>& forms() const { return forms_; }

  /// Case `number` of a run, which starts with data pages `data`: every other one takes the forms in turn,
  /// the rest any instruction and any of its forms.
  Case next(Random& random, const u8* data, u64 number);

 private:
  struct Draft;
  bool attempt(Random& random, const u8* data, u32 form, Case& c);
  u32 any_form(Random& random) const;
  bool asked(const Encoding& e, u8 code_bytes) const;

  arch::FeatureSet features_;
  bool amd_;
  std::vector<Numbered> forms_;
  std::vector<u32>
      first_[2];  // 64-bit, 32-bit code: where each instruction's forms begin in forms_, and the end
};

}  // namespace hvlab::oracle
