#include "sim/devices/piix4_pm.hpp"

namespace hvlab::devices {

Piix4Pm::Piix4Pm(const PciServices& services, RegisterTarget& registers)
    : PciFunction({.vendor = 0x8086, .device = 0x7113, .class_code = 0x06'8000, .revision = 3}, services),
      registers_(registers) {
  define16(pci::kStatus, 0x0280);
  define32(kPmBase, 1, 0xffc0);  // bit 0: an I/O address
  define32(kCountA, 0, 0xffff'ffff);
  define32(kCountB, 0, 0xffff'ffff);
  for (u8 i = 0x4c; i < 0x7c; i = static_cast<u8>(i + 4))
    define32(i, 0, 0xffff'ffff);  // traps, device resources
  define8(kPmMisc, 0, 0x01);      // PMIOSE
  define32(kSmbusBase, 1, 0xfff0);
}

void Piix4Pm::enable_at(u16 base) {
  config_write(kPmBase, 4, base);
  config_write(kPmMisc, 1, 1);
}

void Piix4Pm::mark_smi_set_up() { config_write(kDeviceActivityB, 4, 1u << 25); }

void Piix4Pm::append_windows(std::vector<PciWindow>& windows) const {
  PciFunction::append_windows(windows);
  const u16 base = get16(kPmBase) & 0xffc0;
  // PMIOSE alone enables these ports, whatever the command register says (7.1.24).
  if ((get8(kPmMisc) & 1) != 0 && base != 0) windows.push_back({true, base, 64, &registers_, 0});
}

void Piix4Pm::config_written(u8 offset, unsigned size) {
  static_cast<void>(offset), static_cast<void>(size);
  decode_changed();
}

}  // namespace hvlab::devices
