#include "sim/devices/piix3.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::devices {

namespace {
// IRQ 0, 1, 2, 8 and 13 belong to the board (2.2.9: reserved).
constexpr u16 kRoutable = 0xdef8;
}  // namespace

Piix3::Piix3(const PciServices& services)
    : PciFunction({.vendor = 0x8086, .device = 0x7000, .class_code = 0x06'0100}, services) {
  for (u8 i = 0; i < 4; ++i) {
    inputs_[i].bridge = this;
    inputs_[i].index = i;
  }
  define16(pci::kCommand, 0x0007, 0x0108);  // I/O, memory and master hardwired on
  define16(pci::kStatus, 0x0280);
  define8(0x4c, 0x4d, 0xff);                                        // ISA I/O recovery timer
  define16(0x4e, 0x0003, 0x01ff);                                   // X-bus chip select
  for (u8 i = 0; i < 4; ++i) define8(kPirqRouteA + i, 0x80, 0x8f);  // PIRQRC
  define8(0x69, 0x02, 0xfe);                                        // top of memory
  define16(0x6a, 0x0000, 0x8080);                                   // miscellaneous status
  for (u8 i = 0x70; i < 0x72; ++i) define8(i, 0x80, 0xef);          // motherboard IRQ routing
  for (u8 i = 0x76; i < 0x78; ++i) define8(i, 0x0c, 0x8f);          // motherboard DMA
  define16(0x78, 0x0002, 0xfffc);                                   // programmable chip select
  define8(0x80, 0, 0x7f);                                           // APIC base relocation
  define8(0x82, 0, 0x0f);                                           // deterministic latency
  define8(0xa0, 0x08, 0x1f);                                        // SMI control
  define16(0xa2, 0, 0x01ff);                                        // SMI enable
  define32(0xa4, 0, 0xffff'ffff);                                   // system event enable
  define8(0xa8, 0x0f, 0xff);                                        // fast-off timer
}

void Piix3::Input::set(bool asserted) {
  const u8 mask = static_cast<u8>(1u << index);
  const u8 levels = static_cast<u8>(asserted ? bridge->levels_ | mask : bridge->levels_ & ~mask);
  if (levels == bridge->levels_) return;
  bridge->levels_ = levels;
  bridge->drive();
}

void Piix3::route(const std::array<u8, 4>& irqs) {
  for (u8 i = 0; i < 4; ++i) config_write(kPirqRouteA + i, 1, irqs[i]);
}

u16 Piix3::routed_irqs() const {
  u16 mask = 0;
  for (unsigned i = 0; i < 4; ++i)
    if (irq_of(i) < 16) mask = static_cast<u16>(mask | 1u << irq_of(i));
  return mask;
}

void Piix3::reset() {
  PciFunction::reset();
  drive();
}

void Piix3::restore_levels(u8 levels) {
  levels_ = levels & 0xf;
  drive();
}

void Piix3::config_written(u8 offset, unsigned size) {
  if (offset < kPirqRouteA + 4 && offset + size > kPirqRouteA) drive();
}

unsigned Piix3::irq_of(unsigned index) const {
  const u8 route = get8(static_cast<u8>(kPirqRouteA + index));
  return test_bit(route, 7) || !test_bit(kRoutable, route & 15) ? 16 : route & 15;
}

void Piix3::drive() {
  u16 wanted = 0;
  for (unsigned i = 0; i < 4; ++i)
    if (test_bit(levels_, i) && irq_of(i) < 16) wanted = static_cast<u16>(wanted | 1u << irq_of(i));
  const u16 changed = wanted ^ driven_;
  driven_ = wanted;
  for (unsigned irq = 0; irq < 16; ++irq)
    if (test_bit(changed, irq) && irq_[irq] != nullptr) irq_[irq]->set(test_bit(wanted, irq));
}

}  // namespace hvlab::devices
