// Where the bytes that a guest prints go.
#pragma once

#include <span>

#include "sim/base/types.hpp"

namespace hvlab {

class CharacterSink {
 public:
  virtual ~CharacterSink() = default;
  /// Takes bytes in the order in which the guest printed them.
  virtual void write(std::span<const u8> bytes) = 0;
};

}  // namespace hvlab
