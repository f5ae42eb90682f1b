// A PIIX IDE controller (Intel 82371SB; ATA/ATAPI-6) with one disk on its first channel, at the ports
// and interrupt of compatibility mode. By PIO, and by bus master.
#pragma once

#include "hv-models/devices/pci_function.hpp"
#include "hv-models/devices/services.hpp"

namespace hvlab::devices {

class Ide {
 public:
  static constexpr u16 kCommand = 0x1f0, kControl = 0x3f6;
  static constexpr unsigned kPin = 14, kBusMasterBar = 4, kBusMasterPorts = 16;

  Ide(const GuestMemory& memory, const Line& line, const DiskBackend& disk);
  PciFunction& pci() { return pci_; }

  /// Registers 0 to 7 of the command block; the data register (0) is 16 or 32 bits wide.
  u32 read(unsigned reg, unsigned bytes);
  void write(unsigned reg, u32 value, unsigned bytes);
  u8 alternate_status() const { return status(); }
  void write_control(u8 value);
  u32 read_bus_master(unsigned reg, unsigned bytes) const;
  void write_bus_master(unsigned reg, u32 value, unsigned bytes);

 private:
  static constexpr u32 kChunk = 16;  // sectors that are moved at once by PIO
  enum class Phase : u8 { Idle, DataIn, DataOut, Busy, DmaArmed };

  bool is_present() const { return (device_ & 0x10) == 0 && disk_.sectors != 0; }
  u8 status() const;
  void start(u8 command);
  bool take_range(u32 count);
  void begin_pio(bool write);
  void fill_chunk();
  void flush_chunk();
  void identify();
  void set_features();
  void begin_dma();
  bool gather();
  void submit(DiskJob::Kind kind, u64 sector);
  void finished();
  void finish(bool failed);
  void abort();
  void interrupt();
  void word_out(u16 word);
  u16 word_in();
  void reset();

  GuestMemory memory_;
  Line line_;
  DiskBackend disk_;
  PciFunction pci_;
  Phase phase_ = Phase::Idle;
  u8 features_ = 0, count_ = 1, low_ = 1, middle_ = 0, high_ = 0, device_ = 0, error_ = 1, control_ = 0;
  bool failed_ = false, dma_ = false, dma_write_ = false, asserted_ = false;
  u64 sector_ = 0;
  u32 left_ = 0;               // sectors of the command that are still to be moved
  u32 filled_ = 0, used_ = 0;  // bytes of the buffer
  u8 bus_command_ = 0, bus_status_ = 0x20;
  u32 bus_table_ = 0;
  DiskJob job_;
  u8 buffer_[kChunk * kSectorBytes] = {};
};

}  // namespace hvlab::devices
