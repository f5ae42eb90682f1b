// 82371AB (PIIX4) function 3: where the ACPI power-management registers appear in port space. 82371AB data
// sheet, 7.1. The registers behind it are acpi_pm.hpp; the SMBus host controller is not there and reads as
// disabled.
#pragma once

#include "sim/devices/pci_function.hpp"

namespace hvlab::devices {

class Piix4Pm final : public PciFunction {
 public:
  /// `registers` answers the 64 ports that PMBA places.
  Piix4Pm(const PciServices& services, RegisterTarget& registers);

  static constexpr u8 kPmBase = 0x40, kCountA = 0x44, kCountB = 0x48, kDeviceActivityB = 0x58,
                      kDeviceResourceA = 0x5c, kPmMisc = 0x80, kSmbusBase = 0x90, kSmbusConfiguration = 0xd2;

  /// Places the registers at port `base` (a multiple of 64) and enables them, as firmware does.
  void enable_at(u16 base);
  /// DEVACTB's APMC_EN (7.1.8): firmware takes it as the sign that system management has been set up, which
  /// it cannot be here.
  void mark_smi_set_up();

  void append_windows(std::vector<PciWindow>& windows) const override;

 private:
  void config_written(u8 offset, unsigned size) override;

  RegisterTarget& registers_;
};

}  // namespace hvlab::devices
