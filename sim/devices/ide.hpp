// The IDE function of the 82371SB (PIIX3), 8086:7010: two channels at the legacy ports, bus master in BAR 4.
// Intel 82371FB/82371SB data sheet, 2.3 and 2.7.
#pragma once

#include "sim/devices/ide_channel.hpp"
#include "sim/devices/pci.hpp"

namespace hvlab::devices {

class PiixIde final : public PciFunction, private IdeChannel::Master {
 public:
  /// `irq14` and `irq15` are the ISA interrupts of the primary and the secondary channel.
  PiixIde(const PciServices& services, Clock& clock, InterruptLine& irq14, InterruptLine& irq15);

  /// Plugs a disk in: channel 0 or 1, drive 0 or 1. While the machine is built.
  void plug(unsigned channel, unsigned drive, BlockMedium& medium);

  /// The same for a CD drive with a disc in it.
  void plug_cdrom(unsigned channel, unsigned drive, BlockMedium& disc);

  /// What firmware does before an operating system runs: both channels decode their ports (IDETIM bit 15; off
  /// after reset), and every drive is marked as capable of DMA.
  void enable_channels();

  void reset() override;
  void append_windows(std::vector<PciWindow>& windows) const override;

  IdeChannel& channel(unsigned number) { return channels_[number]; }
  const IdeChannel& channel(unsigned number) const { return channels_[number]; }

 private:
  static constexpr u8 kTiming = 0x40;  // IDETIM: two words; slave timing at 44h

  void config_written(u8 offset, unsigned size) override;
  u64 read_bus_master(u64 offset, unsigned size);
  void write_bus_master(u64 offset, unsigned size, u64 value);

  bool may_master() const override { return bus_master(); }
  Dma& payload() override { return dma(); }
  Dma& structures() override { return structure_dma(); }

  Bank<PiixIde> bus_master_bank_;
  mutable IdeChannel channels_[2];  // append_windows() hands out their register banks
};

}  // namespace hvlab::devices
