// 82441FX PCI and memory controller (PMC): the host bridge, device 0 of bus 0. 82441FX data sheet, 3.2.
// Its memory-timing registers hold what firmware writes; which accesses reach RAM from C0000h to FFFFFh is
// what the PAM registers say.
#pragma once

#include <functional>

#include "sim/devices/pci_function.hpp"

namespace hvlab::devices {

class I440fx final : public PciFunction {
 public:
  explicit I440fx(const PciServices& services);

  /// Segments of 16 KiB from C0000h on: whether reads and writes go to RAM, and not on to PCI (3.2.18).
  static constexpr unsigned kSegments = 16;
  struct Shadow {
    bool read, write;
  };
  Shadow shadow(unsigned segment) const;
  /// `changed` is called when a PAM register may have changed.
  void on_shadow(std::function<void()> changed) { shadow_changed_ = std::move(changed); }

  /// As firmware leaves it that has copied itself into RAM: all of it can be read and written.
  void shadow_everything();
  /// The subsystem identification by which firmware of virtual PCs finds that there is a configuration
  /// interface (fw_cfg.hpp); a real 82441FX has none.
  void announce_configuration();

  void reset() override;

  static constexpr u8 kPmcConfiguration = 0x50, kDeturbo = 0x52, kDramBufferControl = 0x53,
                      kAuxiliaryControl = 0x54, kDramRowType = 0x55, kPam0 = 0x59, kDramRowBoundary = 0x60,
                      kFixedHole = 0x68, kMultiTransactionTimer = 0x70, kSmram = 0x72, kErrorCommand = 0x90,
                      kErrorStatus = 0x91, kTurboReset = 0x93;

 private:
  void config_written(u8 offset, unsigned size) override;

  std::function<void()> shadow_changed_;
};

}  // namespace hvlab::devices
