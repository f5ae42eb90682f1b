// What a device model has around it: the guest's memory, an interrupt line, and who does the real work. All
// are the owner's; models keep no locks, and the owner calls them one at a time.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

/// The guest's memory: a pointer to `bytes` bytes in a row at a guest-physical address, or null if some of
/// them are no memory or do not lie in a row.
struct GuestMemory {
  u8* (*find)(void* context, u64 address, u64 bytes);
  void* context;
  u8* at(u64 address, u64 bytes) const { return find(context, address, bytes); }
};

/// An interrupt line: level-triggered lines stay up until the device lets go.
struct Line {
  void (*change)(void* context, unsigned pin, bool level);
  void* context;
  unsigned pin;
  void set(bool level) const { change(context, pin, level); }
};

/// Bytes for people, from the serial port.
struct TextSink {
  void (*put)(void* context, char byte);
  void* context;
};

}  // namespace hvlab::devices
