// A bank of registers behind an address range: memory-mapped or in port space.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab {

class RegisterTarget {
 public:
  virtual ~RegisterTarget() = default;

  /// Reads `size` bytes (1, 2, 4 or 8) at `offset` from the start of the bank; may have side effects. Unused
  /// upper bytes of the result are zero; an access that the device does not decode reads all ones.
  virtual u64 read(u64 offset, unsigned size) = 0;

  /// Writes the low `size` bytes of `value` at `offset`. What the device does not decode is dropped.
  virtual void write(u64 offset, unsigned size, u64 value) = 0;
};

}  // namespace hvlab
