// An ATAPI CD drive with a disc: the PACKET protocol by PIO and DMA, and the packets of a reading drive.
#pragma once

#include "sim/devices/atapi_registers.hpp"
#include "sim/devices/ide_drive.hpp"

namespace hvlab::devices {

class AtapiDrive final : public IdeDrive {
 public:
  /// `disc` holds whole blocks of 2048 bytes; what is beyond the last one is not there.
  AtapiDrive(const std::string& name, unsigned number, BlockMedium& disc, Clock& clock, Host& host,
             const observe::DeviceProbe& probe);

  void hardware_reset() override;

  struct DiscState {
    bool loaded = true;  // the tray is closed, with the disc in it
    bool locked = false;
    bool awaits_packet = false;
    bool dma = false;           // of the packet in progress
    u16 limit = 0;              // most bytes between two interrupts, by PIO
    size_t bytes = 0;           // in the buffer, which has an even number
    u64 block = 0, blocks = 0;  // still to be read
    std::array<u8, atapi::kPacketBytes> packet{};
    atapi::Sense sense;      // of the last packet that failed
    atapi::Sense attention;  // something happened that every program must be told of once
    atapi::Sense event;      // the same, for GET EVENT STATUS NOTIFICATION
  };
  const DiscState& disc() const { return disc_; }

 private:
  struct PacketRow;
  static const PacketRow kPackets[];

  void block_done(BlockCompletion completion) override;
  void command(u8 opcode) override;
  void set_signature() override;
  u8 reset_status() const override { return 0; }  // DRDY comes with the first command (9.1)
  void next_block(bool interrupt) override;
  void all_read(bool by_dma) override;
  void all_written() override { run_packet(); }

  // The protocol.
  void abort();
  void abort_packet();
  void start_packet();
  void run_packet();
  void read_on();
  void succeed();
  void fail(const atapi::Sense& sense);
  void reply(std::vector<u8> data, size_t allocated);
  void identify();

  // Packets.
  void test_unit_ready() { succeed(); }
  void request_sense();
  void inquiry();
  void start_stop();
  void prevent_removal();
  void read_capacity();
  void read_10();
  void read_12();
  void seek();
  void read_toc();
  void get_configuration();
  void get_event_status();
  void read_disc_information();
  void mode_sense();
  void mechanism_status();
  void read_blocks(u64 first, u64 count);
  void eject();
  void load();

  u64 field(unsigned at, unsigned bytes) const;
  u64 disc_blocks() const { return medium_.capacity() / atapi::kBlockBytes; }
  /// Whether the byte count lets `bytes` bytes be moved (8.23.5).
  bool can_move(size_t bytes) const { return disc_.dma || disc_.limit >= 2 || disc_.limit >= bytes; }
  bool is_cd() const { return disc_blocks() * atapi::kBlockBytes <= atapi::kLargestCd; }

  DiscState disc_;
};

}  // namespace hvlab::devices
