// Machine code with jumps, for hypervisors of tests.
#pragma once

#include "random_program.hpp"

namespace hvlab::test {

/// Bytes of code with jumps to places in it.
class Assembler {
 public:
  Bytes bytes;

  Assembler& add(std::initializer_list<u8> code) {
    bytes.insert(bytes.end(), code);
    return *this;
  }
  Assembler& add(std::initializer_list<u8> code, u64 word) { return add(code).word(word); }
  Assembler& word(u64 value) {
    for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<u8>(value >> (8 * i)));
    return *this;
  }

  using Place = size_t;
  Place here() const { return bytes.size(); }
  /// A jump whose target is not known yet: bind() says it.
  Place jump() { return add({0xE9}, 0).here(); }
  Place jump_if(u8 condition) { return add({0x0F, static_cast<u8>(0x80 | condition)}, 0).here(); }
  void bind(Place jump) { set(jump, here()); }
  void jump_to(Place target) { set(jump(), target); }
  void jump_to_if(u8 condition, Place target) { set(jump_if(condition), target); }

  static constexpr u8 kEqual = 4, kSign = 8;

 private:
  void set(Place jump, Place target) {
    const u32 distance = static_cast<u32>(target - jump);
    std::memcpy(&bytes[jump - 4], &distance, sizeof distance);
  }
};

}  // namespace hvlab::test
