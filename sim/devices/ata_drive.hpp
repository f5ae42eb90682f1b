// An ATA disk: its commands and IDENTIFY data.
#pragma once

#include "sim/devices/ide_drive.hpp"

namespace hvlab::devices {

class AtaDrive final : public IdeDrive {
 public:
  AtaDrive(const std::string& name, unsigned number, BlockMedium& medium, Clock& clock, Host& host,
           const observe::DeviceProbe& probe);

  void hardware_reset() override;

  struct DiskState {
    u64 sector = 0, sectors = 0;  // of the command
    u16 heads = 16, sectors_per_track = 63;
    u8 multiple = 0;  // sectors a block; 0: READ/WRITE MULTIPLE are off
    bool write_cache = true;
  };

 private:
  void block_done(BlockCompletion completion) override;
  void command(u8 opcode) override;
  void set_signature() override;
  u8 reset_status() const override { return ata::kReady | ata::kSeekDone; }
  void next_block(bool interrupt) override;
  void all_read(bool by_dma) override;
  void all_written() override { start_medium(BlockOperation::Write); }

  void execute(const ata::CommandRow& row);
  bool locate(bool extended);
  void start_transfer(const ata::CommandRow& row);
  void start_medium(BlockOperation operation);
  void set_features();
  void identify();
  u16 cylinders() const;
  void finish();
  void fail(u8 error);

  DiskState disk_;
};

}  // namespace hvlab::devices
