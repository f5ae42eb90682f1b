#include "sim/devices/ide.hpp"

namespace hvlab::devices {
namespace {

constexpr PciIdentity kIdentity{.vendor = 0x8086, .device = 0x7010, .class_code = 0x01'01'80};
constexpr u16 kCommandPorts[] = {0x1f0, 0x170};
constexpr u16 kControlPorts[] = {0x3f6, 0x376};
constexpr u16 kDecodeEnable = 0x8000;

}  // namespace

PiixIde::PiixIde(const PciServices& services, Clock& clock, InterruptLine& irq14, InterruptLine& irq15)
    : PciFunction(kIdentity, services),
      bus_master_bank_(*this, &PiixIde::read_bus_master, &PiixIde::write_bus_master),
      channels_{IdeChannel("ide0", clock, *this, irq14), IdeChannel("ide1", clock, *this, irq15)} {
  define16(kTiming, 0, 0xf3ff);
  define16(kTiming + 2, 0, 0xf3ff);
  define8(kTiming + 4, 0, 0x0f);
  define_bar(4, PciBarKind::Io, 16, bus_master_bank_);
}

void PiixIde::plug(unsigned channel, unsigned drive, BlockMedium& medium) {
  channels_[channel].plug(drive, medium, probe());
}

void PiixIde::plug_cdrom(unsigned channel, unsigned drive, BlockMedium& disc) {
  channels_[channel].plug_cdrom(drive, disc, probe());
}

void PiixIde::enable_channels() {
  for (unsigned i = 0; i < 2; ++i) {
    config_write(static_cast<u8>(kTiming + 2 * i), 2, kDecodeEnable);
    u8 capable = 0;
    for (unsigned drive = 0; drive < 2; ++drive)
      if (channels_[i].drive(drive) != nullptr) capable = static_cast<u8>(capable | 0x20 << drive);
    channels_[i].write_bus_master(bus_master::kStatus, capable);
  }
}

void PiixIde::reset() {
  PciFunction::reset();
  for (IdeChannel& channel : channels_) channel.reset();
}

void PiixIde::append_windows(std::vector<PciWindow>& windows) const {
  PciFunction::append_windows(windows);
  if ((command() & pci::kCommandIo) == 0) return;
  for (unsigned i = 0; i < 2; ++i) {
    if ((get16(static_cast<u8>(kTiming + 2 * i)) & kDecodeEnable) == 0) continue;
    windows.push_back({true, kCommandPorts[i], 8, &channels_[i].command_block(), 0});
    windows.push_back({true, kControlPorts[i], 1, &channels_[i].control_block(), 0});
  }
}

void PiixIde::config_written(u8 offset, unsigned size) {
  if (offset < kTiming + 4 && offset + size > kTiming) decode_changed();
  if (offset <= pci::kCommand && bus_master())
    for (IdeChannel& channel : channels_) channel.master_enabled();
}

u64 PiixIde::read_bus_master(u64 offset, unsigned size) {
  u64 value = 0;
  for (unsigned i = 0; i < size; ++i) {
    const u64 at = offset + i;
    const u8 byte = at < 16 ? channels_[at / 8].read_bus_master(static_cast<u8>(at % 8)) : u8{0xff};
    value |= u64{byte} << (8 * i);
  }
  return value;
}

void PiixIde::write_bus_master(u64 offset, unsigned size, u64 value) {
  for (unsigned i = 0; i < size && offset + i < 16; ++i) {
    const u64 at = offset + i;
    channels_[at / 8].write_bus_master(static_cast<u8>(at % 8), static_cast<u8>(value >> (8 * i)));
  }
}

}  // namespace hvlab::devices
