// One IDE channel: the ports of two drives, the interrupt they share, and the bus master that moves their DMA
// data.
#pragma once

#include <memory>
#include <string>

#include "sim/devices/ide_drive.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/ports/interrupt_line.hpp"
#include "sim/ports/physical_memory.hpp"

namespace hvlab::devices {

class IdeChannel final : private IdeDrive::Host {
 public:
  /// What the channel needs of its PCI function.
  class Master {
   public:
    virtual ~Master() = default;
    virtual bool may_master() const = 0;
    virtual Dma& payload() = 0;
    virtual Dma& structures() = 0;
  };

  IdeChannel(const std::string& name, Clock& clock, Master& master, InterruptLine& interrupt);

  /// Plugs in drive `number` (0 master, 1 slave). While the machine is built.
  void plug(unsigned number, BlockMedium& medium, const observe::DeviceProbe& probe);
  /// The same with a CD drive that holds `disc`.
  void plug_cdrom(unsigned number, BlockMedium& disc, const observe::DeviceProbe& probe);
  bool empty() const { return drives_[0] == nullptr && drives_[1] == nullptr; }

  /// 1F0h..1F7h / 170h..177h; 3F6h / 376h; the bus-master registers of this channel.
  RegisterTarget& command_block() { return command_block_; }
  RegisterTarget& control_block() { return control_block_; }
  u8 read_bus_master(u8 offset) const;
  void write_bus_master(u8 offset, u8 value);

  /// Goes on with a transfer that waited for the bus-master enable bit.
  void master_enabled() { drive_changed(); }
  void reset();

  struct State {
    u8 selected = 0;  // device register, DEV
    u8 control = 0;
    u8 bm_command = 0, bm_status = 0;
    u32 bm_table = 0;  // as software wrote it
    u32 bm_next = 0;   // next descriptor
    u32 region_at = 0, region_left = 0;
    bool region_last = false;
    bool moving = false;  // the clock event of a transfer is armed
    bool intrq = false;   // as last seen, for its rising edge
  };
  State& state() { return state_; }
  const State& state() const { return state_; }
  IdeDrive* drive(unsigned number) { return drives_[number].get(); }
  const IdeDrive* drive(unsigned number) const { return drives_[number].get(); }

 private:
  u64 read_command_block(u64 offset, unsigned size);
  void write_command_block(u64 offset, unsigned size, u64 value);
  u8 read_register(u8 offset);
  void write_register(u8 offset, u8 value);
  u64 read_control(u64 offset, unsigned size);
  void write_control(u64 offset, unsigned size, u64 value);
  IdeDrive* selected() { return drives_[state_.selected].get(); }
  u16 read_data();

  void drive_changed() override;
  void start_moving();
  void move();
  bool next_region();

  Clock& clock_;
  Master& master_;
  InterruptLine& interrupt_;
  EventId event_;
  std::unique_ptr<IdeDrive> drives_[2];
  std::string name_;
  State state_;
  Bank<IdeChannel> command_block_;
  Bank<IdeChannel> control_block_;
};

}  // namespace hvlab::devices
