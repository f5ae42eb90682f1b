// 82441FX PCI and memory controller (PMC): the host bridge, device 0 of bus 0. 82441FX data sheet, 3.2.
// Its memory-timing and shadow registers hold what firmware writes; RAM is where the board says, shadowing is
// not modelled.
#pragma once

#include "sim/devices/pci_function.hpp"

namespace hvlab::devices {

class I440fx final : public PciFunction {
 public:
  explicit I440fx(const PciServices& services);

  static constexpr u8 kPmcConfiguration = 0x50, kDeturbo = 0x52, kDramBufferControl = 0x53,
                      kAuxiliaryControl = 0x54, kDramRowType = 0x55, kPam0 = 0x59, kDramRowBoundary = 0x60,
                      kFixedHole = 0x68, kMultiTransactionTimer = 0x70, kSmram = 0x72, kErrorCommand = 0x90,
                      kErrorStatus = 0x91, kTurboReset = 0x93;
};

}  // namespace hvlab::devices
