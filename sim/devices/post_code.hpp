// Port 80h: the diagnostic port of a PC. It keeps the last code; kernels also write it to pass about a
// microsecond.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::devices {

class PostCode final : public RegisterTarget {
 public:
  void reset() { code_ = 0; }
  u64 read(u64 offset, unsigned size) override {
    return offset == 0 ? code_ & low_mask(8 * size) : low_mask(8 * size);
  }
  void write(u64 offset, unsigned size, u64 value) override {
    if (offset == 0) code_ = value & low_mask(8 * size);
  }
  /// The last code written.
  u64 code() const { return code_; }

 private:
  u64 code_ = 0;
};

}  // namespace hvlab::devices
