#include "sim/board/pci_router.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::board {

PciRouter::Hit PciRouter::find(u64 address, unsigned size) {
  if (generation_ != bus_.generation() || !window_ || address - window_.base >= window_.size) {
    window_ = space_ == Space::Ports ? bus_.find_port(static_cast<u16>(address)) : bus_.find_memory(address);
    window_.offset -= address - window_.base;
    generation_ = bus_.generation();
  }
  if (!window_ || window_.size - (address - window_.base) < size) return {};
  Hit hit = window_;
  hit.offset += address - window_.base;
  return hit;
}

AccessCount& PciRouter::count(const Hit& hit) {
  DeviceRecord& device =
      devices_[hit.function == nullptr ? observe::DeviceId{0} : hit.function->probe().device];
  return space_ == Space::Ports ? device.ports : device.memory;
}

u64 PciRouter::read(u64 address, unsigned size) {
  const Hit hit = find(address, size);
  ++count(hit).reads;
  return hit ? hit.target->read(hit.offset, size) : low_mask(size * 8);
}

void PciRouter::write(u64 address, unsigned size, u64 value) {
  const Hit hit = find(address, size);
  ++count(hit).writes;
  if (hit) hit.target->write(hit.offset, size, value);
}

}  // namespace hvlab::board
