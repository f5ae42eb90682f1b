#include "sim/devices/ide_channel.hpp"

#include <algorithm>

#include "sim/devices/ata_drive.hpp"
#include "sim/devices/atapi_drive.hpp"

namespace hvlab::devices {
namespace {

/// An empty channel: data lines pulled up, DD7 pulled down (ATA-6, 4.3), so that BSY reads 0.
constexpr u8 kFloating = 0x7f;

}  // namespace

IdeChannel::IdeChannel(const std::string& name, Clock& clock, Master& master, InterruptLine& interrupt)
    : clock_(clock),
      master_(master),
      interrupt_(interrupt),
      event_(clock.add_event(name + ".dma", [this] { move(); })),
      name_(name),
      command_block_(*this, &IdeChannel::read_command_block, &IdeChannel::write_command_block),
      control_block_(*this, &IdeChannel::read_control, &IdeChannel::write_control) {}

void IdeChannel::plug(unsigned number, BlockMedium& medium, const observe::DeviceProbe& probe) {
  IdeDrive::Host& host = *this;
  const std::string name = name_ + ".drive" + std::to_string(number);
  drives_[number] = std::make_unique<AtaDrive>(name, number, medium, clock_, host, probe);
}

void IdeChannel::plug_cdrom(unsigned number, BlockMedium& disc, const observe::DeviceProbe& probe) {
  IdeDrive::Host& host = *this;
  const std::string name = name_ + ".drive" + std::to_string(number);
  drives_[number] = std::make_unique<AtapiDrive>(name, number, disc, clock_, host, probe);
}

void IdeChannel::reset() {
  clock_.disarm(event_);
  state_ = State{};
  for (auto& drive : drives_)
    if (drive) drive->hardware_reset();
  drive_changed();
}

// --- ports ----------------------------------------------------------------------------------------

u16 IdeChannel::read_data() { return selected() != nullptr ? selected()->read_data() : u16{0xff7f}; }

u64 IdeChannel::read_command_block(u64 offset, unsigned size) {
  if (offset == ata::kData && size != 1) {
    const u64 low = read_data();
    return size == 2 ? low : low | u64{read_data()} << 16;
  }
  u64 value = 0;
  for (unsigned i = 0; i < size; ++i) {
    const u8 at = static_cast<u8>(offset + i);
    value |= u64{at > ata::kStatus ? u8{0xff} : read_register(at)} << (8 * i);
  }
  return value;
}

void IdeChannel::write_command_block(u64 offset, unsigned size, u64 value) {
  if (offset == ata::kData && size != 1) {
    IdeDrive* const drive = selected();
    if (drive == nullptr) return;
    drive->write_data(static_cast<u16>(value));
    if (size > 2) drive->write_data(static_cast<u16>(value >> 16));
    return;
  }
  for (unsigned i = 0; i < size && offset + i <= ata::kCommand; ++i)
    write_register(static_cast<u8>(offset + i), static_cast<u8>(value >> (8 * i)));
}

/// Where the selected drive is absent the other one answers for it, with status 00h (ATA-6, 9.16.2).
u8 IdeChannel::read_register(u8 offset) {
  if (empty()) return kFloating;
  if (offset == ata::kData) return static_cast<u8>(read_data());
  const bool high = (state_.control & ata::kHighOrderByte) != 0;
  IdeDrive* const drive = selected();
  if (drive != nullptr) return drive->read_register(offset, high);
  if (offset == ata::kStatus) return 0;
  if (offset == ata::kDevice) return static_cast<u8>(ata::kDeviceFixed | state_.selected << 4);
  return drives_[1 - state_.selected]->read_register(offset, high);
}

void IdeChannel::write_register(u8 offset, u8 value) {
  if (offset == ata::kData) {
    if (selected() != nullptr) selected()->write_data(value);
    return;
  }
  state_.control &= static_cast<u8>(~ata::kHighOrderByte);  // 7.8: cleared by any command block write
  if (offset == ata::kCommand) {
    if (value == 0x90) {
      state_.selected = 0;
      for (unsigned i = 0; i < 2; ++i)
        if (drives_[i]) drives_[i]->diagnose(i == 0);
    } else if (selected() != nullptr) {
      selected()->write_register(offset, value);
    }
    return;
  }
  if (offset == ata::kDevice) state_.selected = (value & ata::kDeviceSelect) != 0 ? 1 : 0;
  for (auto& drive : drives_)
    if (drive) drive->write_register(offset, value);
  if (offset == ata::kDevice) drive_changed();  // INTRQ is the selected drive's
}

/// The control block's one register, at its third address: alternate status, device control.
u64 IdeChannel::read_control(u64, unsigned) {
  if (empty()) return kFloating;
  return selected() != nullptr ? selected()->alternate_status() : 0;
}

void IdeChannel::write_control(u64, unsigned, u64 value) {
  const u8 before = state_.control;
  state_.control = static_cast<u8>(value);
  if (((before ^ state_.control) & ata::kSoftReset) != 0) {
    state_.selected = 0;
    for (auto& drive : drives_)
      if (drive) drive->soft_reset((state_.control & ata::kSoftReset) != 0);
  }
  drive_changed();
}

// --- interrupt and bus master ---------------------------------------------------------------------

void IdeChannel::drive_changed() {
  const IdeDrive* const drive = selected();
  const bool intrq = drive != nullptr && drive->interrupt() && (state_.control & ata::kInterruptDisable) == 0;
  if (intrq && !state_.intrq) state_.bm_status |= bus_master::kInterrupt;
  state_.intrq = intrq;
  interrupt_.set(intrq);
  start_moving();
}

u8 IdeChannel::read_bus_master(u8 offset) const {
  switch (offset) {
    case bus_master::kCommand: return state_.bm_command;
    case bus_master::kStatus: return state_.bm_status;
    case 4:
    case 5:
    case 6:
    case 7: return static_cast<u8>(state_.bm_table >> (8 * (offset - 4)));
    default: return 0;
  }
}

void IdeChannel::write_bus_master(u8 offset, u8 value) {
  if (offset >= bus_master::kTable) {
    const unsigned shift = 8u * (offset - bus_master::kTable);
    state_.bm_table = ((state_.bm_table & ~(0xffu << shift)) | u32{value} << shift) & ~3u;
  } else if (offset == bus_master::kStatus) {
    const u8 cleared = value & (bus_master::kError | bus_master::kInterrupt);
    state_.bm_status = static_cast<u8>((state_.bm_status & ~cleared & ~bus_master::kDriveCapable) |
                                       (value & bus_master::kDriveCapable));
  } else if (offset == bus_master::kCommand) {
    const bool started = (state_.bm_command & bus_master::kStart) == 0 && (value & bus_master::kStart) != 0;
    state_.bm_command = value & (bus_master::kStart | bus_master::kToMemory);
    if (started) {
      state_.bm_status |= bus_master::kActive;
      state_.bm_next = state_.bm_table;
      state_.region_left = 0;
      state_.region_last = false;
    } else if ((value & bus_master::kStart) == 0) {
      state_.bm_status &= static_cast<u8>(~bus_master::kActive);
      state_.moving = false;
      clock_.disarm(event_);
    }
    start_moving();
  }
}

/// Begins a transfer once the drive asks for one, software has started the bus master in the same direction,
/// and PCI lets it master. The data moves when the time that the drive's DMA mode needs is over.
void IdeChannel::start_moving() {
  IdeDrive* const drive = selected();
  if (state_.moving || drive == nullptr || (state_.bm_status & bus_master::kActive) == 0 ||
      !master_.may_master())
    return;
  const auto wanted = (state_.bm_command & bus_master::kToMemory) != 0 ? IdeDrive::DmaRequest::ToMemory
                                                                       : IdeDrive::DmaRequest::FromMemory;
  if (drive->dma_request() != wanted) return;
  state_.moving = true;
  clock_.arm(event_, clock_.now() + drive->dma_bytes().size() / 2 * drive->dma_cycle());
}

/// Fetches the next physical region descriptor; false after the last one.
bool IdeChannel::next_region() {
  if (state_.region_last) return false;
  u32 descriptor[2];
  master_.structures().read(state_.bm_next, descriptor, sizeof descriptor);
  state_.bm_next += 8;
  state_.region_at = descriptor[0] & ~1u;
  state_.region_left = descriptor[1] & 0xfffe;
  if (state_.region_left == 0) state_.region_left = 0x1'0000;
  state_.region_last = (descriptor[1] & bus_master::kEndOfTable) != 0;
  return true;
}

/// Moves the data along the table. A table too short for the drive leaves it waiting with the bus master
/// inactive; one too long leaves the bus master active (the states of the programming interface,
/// section 3.1).
void IdeChannel::move() {
  IdeDrive* const drive = selected();
  if (!state_.moving || drive == nullptr) return;
  state_.moving = false;
  const auto request = drive->dma_request();
  if (request == IdeDrive::DmaRequest::None) return;
  size_t moved = 0;
  const std::span<u8> data = drive->dma_bytes();
  while (moved < data.size() && (state_.region_left != 0 || next_region())) {
    const size_t chunk = std::min<size_t>(state_.region_left, data.size() - moved);
    if (request == IdeDrive::DmaRequest::ToMemory)
      master_.payload().write(state_.region_at, &data[moved], chunk);
    else
      master_.payload().read(state_.region_at, &data[moved], chunk);
    state_.region_at += static_cast<u32>(chunk);
    state_.region_left -= static_cast<u32>(chunk);
    moved += chunk;
  }
  if (state_.region_left == 0 && state_.region_last)
    state_.bm_status &= static_cast<u8>(~bus_master::kActive);
  drive->dma_moved(moved);
}

}  // namespace hvlab::devices
