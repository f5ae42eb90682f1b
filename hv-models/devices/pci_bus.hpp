// PCI bus 0 behind configuration mechanism 1 (PCI Local Bus Specification 3.0, 3.2.2.3.2): ports CF8h and
// CFCh.
#pragma once

#include "hv-models/devices/pci_function.hpp"

namespace hvlab::devices {

class PciBus {
 public:
  static constexpr u16 kFirst = 0xcf8, kPorts = 8;
  static constexpr unsigned kSlots = 8, kFunctions = 2;

  void add(unsigned slot, unsigned function, PciFunction& to) { functions_[slot][function] = &to; }
  u32 read(u16 port, unsigned bytes) const;
  void write(u16 port, u32 value, unsigned bytes);

 private:
  PciFunction* selected() const;
  u32 address_ = 0;
  PciFunction* functions_[kSlots][kFunctions] = {};
};

}  // namespace hvlab::devices
