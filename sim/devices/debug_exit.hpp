// Port F4h by which a guest ends the run with a value of its own: a convention of virtual machines, no real
// hardware.
#pragma once

#include <functional>
#include <utility>

#include "sim/base/bits.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::devices {

class DebugExit final : public RegisterTarget {
 public:
  /// `exit` is called with each value written (1 to 4 bytes).
  explicit DebugExit(std::function<void(u32)> exit, observe::DeviceProbe probe = {})
      : exit_(std::move(exit)), probe_(probe) {}

  void reset() {}
  u64 read(u64, unsigned size) override { return low_mask(8 * size); }
  void write(u64 offset, unsigned size, u64 value) override {
    if (offset != 0) return;
    const u32 code = static_cast<u32>(value & low_mask(8 * size));
    probe_.report(observe::EventKind::DebugExit, code);
    exit_(code);
  }

 private:
  std::function<void(u32)> exit_;
  observe::DeviceProbe probe_;
};

}  // namespace hvlab::devices
