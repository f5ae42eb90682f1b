#include "sim/devices/i440fx.hpp"

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

}  // namespace hvlab::devices
