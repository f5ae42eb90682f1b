// A guest's IOAPIC (Intel 82093AA): interrupt lines in, messages to local APICs out.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

class IoApic {
 public:
  static constexpr unsigned kPins = 24;

  struct Message {
    u8 vector = 0, mode = 0;
    u32 destination = 0;
    bool logical = false, level = false;
  };

  void reset();
  /// `offset` in its page: the register that selects, and the window.
  u32 read(u32 offset) const;
  void write(u32 offset, u32 value);
  void set_line(unsigned pin, bool level);
  /// A level-triggered interrupt of this vector has ended at a local APIC.
  void end_of_interrupt(u8 vector);
  /// After any of these: the next message that goes out, false if there is none.
  bool take(Message& message);

 private:
  struct Pin {
    u64 entry;
    bool line;     // as it is now
    bool waiting;  // an edge that has come
  };
  Pin pins_[kPins] = {};
  u8 selected_ = 0;
  u32 id_ = 0;
};

}  // namespace hvlab::hypervisor
