// What a drive on an IDE channel is: a task file, an interrupt, and a buffer whose bytes cross the bus by PIO
// or DMA. It knows neither PCI nor where its interrupt goes. ATA/ATAPI-6, clauses 7 and 9.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/devices/ata_registers.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/block_medium.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::devices {

/// How long a command takes that does not touch the medium (assumed: drive firmware).
inline constexpr Picoseconds kAtaCommandTime = 10 * kMicrosecond;

class IdeDrive : protected BlockClient {
 public:
  /// The channel that the drive is plugged into.
  class Host {
   public:
    virtual ~Host() = default;
    /// The drive's INTRQ or DMARQ has changed.
    virtual void drive_changed() = 0;
  };

  /// `name` begins the names of the clock event and tells the drive's serial number. `number` is 0 (master)
  /// or 1.
  IdeDrive(const std::string& name, unsigned number, BlockMedium& medium, Clock& clock, Host& host,
           const observe::DeviceProbe& probe);

  /// Command block registers other than data; the offset is ata::kError..kStatus. Writes of kCommand start a
  /// command; the channel passes only those that are for this drive (all other registers are written in both
  /// drives).
  u8 read_register(u8 offset, bool high_order_byte);
  void write_register(u8 offset, u8 value);
  u8 alternate_status() const { return state_.status; }
  /// Reading the status register withdraws the interrupt (7.15.4).
  u8 read_status();

  /// The 16-bit data register.
  u16 read_data();
  void write_data(u16 value);

  /// Device control's SRST bit: while set the drive is held in reset (9.3).
  void soft_reset(bool asserted);
  /// EXECUTE DEVICE DIAGNOSTIC reaches both drives; only the selected one, device 0, interrupts (9.10).
  void diagnose(bool interrupt);
  /// Power-on.
  virtual void hardware_reset() = 0;

  bool interrupt() const { return state_.interrupt; }

  /// DMARQ: what the drive wants to move now.
  enum class DmaRequest : u8 { None, ToMemory, FromMemory };
  DmaRequest dma_request() const;
  /// Bytes still to be moved, and the place they come from or go to.
  std::span<u8> dma_bytes();
  /// `bytes` have been moved; with the last one the command goes on.
  void dma_moved(size_t bytes);
  /// Time of one 16-bit transfer in the multiword DMA mode that SET FEATURES selected (ATA-6, table 51).
  Picoseconds dma_cycle() const;

  enum class Phase : u8 { Idle, Settle, Reset, Medium, DataIn, DataOut, DmaIn, DmaOut };
  struct State {
    std::array<u8, 8> current{},
        previous{};  // task file as written, and what each register held before (6.20)
    u8 error = 0, status = 0;
    bool interrupt = false;
    bool interrupt_after_settle = true;
    Phase phase = Phase::Idle;
    u8 opcode = 0;
    u64 request = 0;  // in the medium
    u64 next_request = 1;
    std::vector<u8> buffer;
    size_t position = 0, block_end = 0;
    u8 dma_mode = 2;
  };
  const State& state() const { return state_; }

 protected:
  // What kinds of drives differ in.
  virtual void command(u8 opcode) = 0;
  /// Table 27: what the registers say after a reset about what the drive is.
  virtual void set_signature() = 0;
  virtual u8 reset_status() const = 0;
  /// Asks for the next block of a PIO transfer.
  virtual void next_block(bool interrupt) = 0;
  /// The host has taken the last byte of the buffer, or filled it.
  virtual void all_read(bool by_dma) = 0;
  virtual void all_written() = 0;

  /// What power-on does to what all drives have.
  void power_on();
  /// A command has come: interrupt and error of the one before are gone.
  void begin(u8 opcode);
  void raise(bool interrupt);
  /// The drive is busy for `time`, then the command is over.
  void settle(Picoseconds time);
  /// Leaves whatever was in progress.
  void stop();
  /// Has the medium do `request`, whose id it sets.
  void submit(BlockRequest request);
  /// True if `completion` is of the request that is waited for, which was of `bytes` bytes.
  bool completes(const BlockCompletion& completion, u64 bytes);
  /// SET FEATURES' transfer mode (9.50); false if the drive has not that one.
  bool set_transfer_mode(u8 mode);
  /// DRQ for the buffer's bytes up to `block_end`.
  void ask_for_data(size_t block_end, bool interrupt);

  const std::string name_;
  const unsigned number_;
  BlockMedium& medium_;
  Clock& clock_;
  Host& host_;
  observe::DeviceProbe probe_;
  EventId event_;
  State state_;

 private:
  void settled();
};

}  // namespace hvlab::devices
