// Port 402h: where firmware of virtual PCs writes its messages. A convention, no real hardware.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::devices {

class DebugConsole final : public RegisterTarget {
 public:
  explicit DebugConsole(observe::DeviceProbe probe = {}) : probe_(probe) {}

  /// E9h says that somebody listens.
  u64 read(u64 offset, unsigned size) override {
    return offset == 0 && size == 1 ? 0xe9 : low_mask(8 * size);
  }
  /// Each byte is a character.
  void write(u64, unsigned size, u64 value) override {
    for (unsigned i = 0; i < size; ++i)
      probe_.report(observe::EventKind::Console, bits(value, 8 * i + 7, 8 * i));
  }

 private:
  observe::DeviceProbe probe_;
};

}  // namespace hvlab::devices
