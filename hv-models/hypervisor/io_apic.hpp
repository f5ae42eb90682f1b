// The I/O APIC that a guest sees (Intel 82093AA): 24 pins. Knows no machine: what it wants to send comes out
// as a message.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

class IoApic {
 public:
  static constexpr unsigned kPins = 24;
  static constexpr u64 kBase = 0xfec0'0000, kBytes = 0x1000;

  struct Message {
    u8 vector, mode;  // delivery mode, as encoded
    bool logical, level;
    u8 destination;
  };

  u32 read(u32 offset) const;
  void write(u32 offset, u32 value);
  /// A device's wire.
  void set_line(unsigned pin, bool level);
  /// A processor has ended the level-triggered interrupt of this vector.
  void end_of_interrupt(u8 vector);
  /// The next message to send; false if there is none. To be called until then after any of the above.
  bool next(Message& message);
  /// For the management machine: whether a pin waits for the end of its interrupt, or is masked.
  bool is_busy(unsigned pin) const;
  bool is_masked(unsigned pin) const;
  /// For partitions: what the machine's own pin is to be told.
  u64 entry(unsigned pin) const { return entries_[pin]; }

 private:
  u32 select_ = 0;
  u64 entries_[kPins] = {kMasked, kMasked, kMasked, kMasked, kMasked, kMasked, kMasked, kMasked,
                         kMasked, kMasked, kMasked, kMasked, kMasked, kMasked, kMasked, kMasked,
                         kMasked, kMasked, kMasked, kMasked, kMasked, kMasked, kMasked, kMasked};
  u32 lines_ = 0;  // as wired, active high
  u32 edges_ = 0;  // edges that have not been sent
  static constexpr u64 kMasked = 1u << 16, kLevel = 1u << 15, kRemote = 1u << 14, kActiveLow = 1u << 13,
                       kStatus = 1u << 12, kLogical = 1u << 11;
};

}  // namespace hvlab::hypervisor
