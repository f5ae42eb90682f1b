// What lies behind the host bridge: hands accesses that no fixed device answers to the PCI function that
// decodes them now.
#pragma once

#include "sim/board/device_list.hpp"
#include "sim/devices/pci.hpp"
#include "sim/ports/register_target.hpp"

namespace hvlab::board {

/// One space's view of the bus; offsets are whole addresses. What no function decodes reads as all ones.
class PciRouter final : public RegisterTarget {
 public:
  enum class Space : u8 { Memory, Ports };

  PciRouter(devices::PciBus& bus, Space space, DeviceList& devices)
      : bus_(bus), devices_(devices), space_(space) {}

  u64 read(u64 address, unsigned size) override;
  void write(u64 address, unsigned size, u64 value) override;

 private:
  using Hit = devices::PciBus::Hit;
  /// What decodes all `size` bytes, with the offset of `address`; target null if there is nobody.
  Hit find(u64 address, unsigned size);
  AccessCount& count(const Hit& hit);

  devices::PciBus& bus_;
  DeviceList& devices_;
  Space space_;
  Hit window_;  // the last one found, with the offset of its first byte; good while generation_ is the bus's
  u64 generation_ = 0;
};

}  // namespace hvlab::board
