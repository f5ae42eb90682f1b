#include "hv-models/devices/pci_bus.hpp"

namespace hvlab::devices {
namespace {

constexpr u16 kData = 0xcfc;
constexpr u32 kEnable = u32{1} << 31;

}  // namespace

PciFunction* PciBus::selected() const {
  const u32 bus = address_ >> 16 & 0xff, slot = address_ >> 11 & 31, function = address_ >> 8 & 7;
  if ((address_ & kEnable) == 0 || bus != 0 || slot >= kSlots || function >= kFunctions) return nullptr;
  return functions_[slot][function];
}

u32 PciBus::read(u16 port, unsigned bytes) const {
  if (port < kData) return port == kFirst && bytes == 4 ? address_ : ~u32{0};
  const PciFunction* to = selected();
  return to == nullptr ? ~u32{0} : to->read(static_cast<u8>((address_ & 0xfc) + (port & 3)));
}

void PciBus::write(u16 port, u32 value, unsigned bytes) {
  if (port < kData) {
    if (port == kFirst && bytes == 4) address_ = value;
    return;
  }
  if (PciFunction* to = selected(); to != nullptr)
    to->write(static_cast<u8>((address_ & 0xfc) + (port & 3)), value, bytes);
}

}  // namespace hvlab::devices
