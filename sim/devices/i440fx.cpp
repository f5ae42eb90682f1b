#include "sim/devices/i440fx.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::devices {

I440fx::I440fx(const PciServices& services)
    : PciFunction({.vendor = 0x8086, .device = 0x1237, .class_code = 0x06'0000, .revision = 2}, services) {
  define16(pci::kCommand, 0x0006, 0x0140);  // memory space and master hardwired on (3.2.3)
  define16(pci::kStatus, 0x0280);
  define16(kPmcConfiguration, 0x0000, 0xfffc);
  define8(kDeturbo, 0, 0xff);
  define8(kDramBufferControl, 0x80, 0xff);
  define8(kAuxiliaryControl, 0, 0x82);
  define16(kDramRowType, 0, 0xffff);
  define16(kDramRowType + 2, 0, 0xffff);
  define8(kPam0, 0, 0x33 & 0xf0);  // only the BIOS segment F0000h, in the high nibble (3.2.18)
  for (u8 i = 1; i < 7; ++i) define8(static_cast<u8>(kPam0 + i), 0, 0x33);
  for (u8 i = 0; i < 8; ++i) define8(static_cast<u8>(kDramRowBoundary + i), 0x01, 0xff);
  define8(kFixedHole, 0, 0xc0);
  define8(kMultiTransactionTimer, 0x20, 0xf8);
  define8(kSmram, 0x02, 0x78);
  define8(kErrorCommand, 0, 0xff);
  define16(kErrorStatus, 0);
  define_clear8(kErrorStatus, 0x11);
  define8(kTurboReset, 0, 0x06);
}

I440fx::Shadow I440fx::shadow(unsigned segment) const {
  // PAM0's high nibble is the 64 KiB from F0000h; the others have two segments each, the lower one below.
  const u8 attributes =
      segment >= 12 ? get8(kPam0) >> 4 : get8(static_cast<u8>(kPam0 + 1 + segment / 2)) >> (segment % 2 * 4);
  return {test_bit(attributes, 0), test_bit(attributes, 1)};
}

void I440fx::shadow_everything() {
  config_write(kPam0, 1, 0x30);
  for (u8 i = 1; i < 7; ++i) config_write(static_cast<u8>(kPam0 + i), 1, 0x33);
}

void I440fx::announce_configuration() {
  set16(pci::kSubsystemVendor, 0x1af4);
  set16(pci::kSubsystemId, 0x1100);
}

void I440fx::reset() {
  PciFunction::reset();
  if (shadow_changed_) shadow_changed_();
}

void I440fx::config_written(u8 offset, unsigned size) {
  if (offset < kPam0 + 7 && offset + size > kPam0 && shadow_changed_) shadow_changed_();
}

}  // namespace hvlab::devices
