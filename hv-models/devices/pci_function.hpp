// One function of the PCI bus: its configuration space (PCI Local Bus Specification 3.0, chapter 6), as
// firmware has left it.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

class PciFunction {
 public:
  static constexpr unsigned kBars = 6;

  PciFunction(u16 vendor, u16 device, u32 class_revision);

  u32 read(u8 offset) const;
  void write(u8 offset, u32 value, unsigned bytes);

  /// A base address register of `bytes` (a power of two), set to `address`.
  void add_memory(unsigned bar, u32 bytes, u32 address);
  void add_ports(unsigned bar, u32 bytes, u16 first);
  void set_interrupt(u8 line);
  /// Its slot has further functions.
  void set_multifunction() { space_[0x0e] |= 0x80; }
  void set_subsystem(u16 vendor, u16 device);
  /// Appends a capability; returns where it is. `bytes` counts from its first.
  u8 add_capability(const u8* from, u8 bytes);

  /// Where a range is now; false if it does not answer there (command register).
  bool memory_at(unsigned bar, u64& address) const;
  bool ports_at(unsigned bar, u64& first) const;
  bool is_master() const { return (space_[4] & 4) != 0; }

 private:
  void set(u8 offset, u32 value, unsigned bytes);
  u8 space_[256] = {};
  u8 writable_[256] = {};
  u8 last_capability_ = 0, next_free_ = 0x40;
};

}  // namespace hvlab::devices
