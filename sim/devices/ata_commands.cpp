// The commands of an ATA disk (ATA/ATAPI-6, clause 9): what each takes from the task file and what it starts.
#include <algorithm>

#include "sim/devices/ata_drive.hpp"

namespace hvlab::devices {
namespace {

constexpr size_t kSector = 512;
constexpr u8 kLargestMultiple = 16;

}  // namespace

void AtaDrive::command(u8 opcode) {
  if (opcode == ata::kDeviceReset && (state_.status & ata::kBusy) != 0) return;
  begin(opcode);
  execute(ata::find_command(opcode));
}

void AtaDrive::execute(const ata::CommandRow& row) {
  using ata::Action;
  switch (row.action) {
    case Action::None: return fail(ata::kAborted);
    case Action::Read:
    case Action::Write:
    case Action::ReadDma:
    case Action::WriteDma:
    case Action::Verify: return start_transfer(row);
    case Action::Flush: return start_medium(BlockOperation::Flush);
    case Action::Identify: return identify();
    case Action::SetFeatures: return set_features();
    case Action::SetMultiple: {
      const u8 count = state_.current[ata::kSectorCount];
      if (count > kLargestMultiple || (count & (count - 1)) != 0) return fail(ata::kAborted);
      disk_.multiple = count;
      return settle(kAtaCommandTime);
    }
    case Action::InitializeParameters:
      if (state_.current[ata::kSectorCount] == 0) return fail(ata::kAborted);
      disk_.heads = static_cast<u16>((state_.current[ata::kDevice] & 15) + 1);
      disk_.sectors_per_track = state_.current[ata::kSectorCount];
      return settle(kAtaCommandTime);
    case Action::CheckPower:
      state_.current[ata::kSectorCount] = 0xff;
      return settle(kAtaCommandTime);  // active
    case Action::Diagnostic: return diagnose(true);
    case Action::NoOperation: return settle(kAtaCommandTime);
  }
}

u16 AtaDrive::cylinders() const {
  const u64 sectors = medium_.capacity() / kSector;
  return static_cast<u16>(std::min<u64>(sectors / (u64{disk_.heads} * disk_.sectors_per_track), 16'383));
}

/// Takes first sector and count from the task file; false if they leave the disk (6.2: CHS, 28-bit, 48-bit).
bool AtaDrive::locate(bool extended) {
  const auto& now = state_.current;
  const auto& before = state_.previous;
  disk_.sectors = now[ata::kSectorCount];
  if (extended) disk_.sectors |= u64{before[ata::kSectorCount]} << 8;
  if (disk_.sectors == 0) disk_.sectors = extended ? 65'536 : 256;
  const u64 low = now[ata::kLbaLow] | u64{now[ata::kLbaMid]} << 8 | u64{now[ata::kLbaHigh]} << 16;
  if (extended) {
    if ((now[ata::kDevice] & ata::kDeviceLba) == 0) return false;
    disk_.sector =
        low | (before[ata::kLbaLow] | u64{before[ata::kLbaMid]} << 8 | u64{before[ata::kLbaHigh]} << 16)
                  << 24;
  } else if ((now[ata::kDevice] & ata::kDeviceLba) != 0) {
    disk_.sector = low | u64{now[ata::kDevice] & 15u} << 24;
  } else {
    const u64 cylinder = low >> 8, head = now[ata::kDevice] & 15u, sector = now[ata::kLbaLow];
    if (sector == 0 || sector > disk_.sectors_per_track || head >= disk_.heads || cylinder >= cylinders())
      return false;
    disk_.sector = (cylinder * disk_.heads + head) * disk_.sectors_per_track + sector - 1;
  }
  const u64 capacity = medium_.capacity() / kSector;
  return disk_.sector < capacity && disk_.sectors <= capacity - disk_.sector;
}

void AtaDrive::start_transfer(const ata::CommandRow& row) {
  if (row.multiple && disk_.multiple == 0) return fail(ata::kAborted);
  if (!locate(row.extended)) return fail(ata::kNotFound);
  state_.position = state_.block_end = 0;
  switch (row.action) {
    case ata::Action::Write:
    case ata::Action::WriteDma:
      if (medium_.read_only()) return fail(ata::kAborted);
      state_.buffer.assign(disk_.sectors * kSector, 0);
      state_.phase = row.action == ata::Action::Write ? Phase::DataOut : Phase::DmaOut;
      clock_.arm(event_, clock_.now() + kAtaCommandTime);
      return;
    default: return start_medium(BlockOperation::Read);
  }
}

void AtaDrive::start_medium(BlockOperation operation) {
  BlockRequest request;
  request.operation = operation;
  if (operation != BlockOperation::Flush) {
    request.offset = disk_.sector * kSector;
    request.bytes = disk_.sectors * kSector;
  }
  if (operation == BlockOperation::Write) request.data = std::move(state_.buffer);
  submit(std::move(request));
}

void AtaDrive::block_done(BlockCompletion completion) {
  const ata::CommandRow row = ata::find_command(state_.opcode);
  if (!completes(completion, row.action == ata::Action::Flush ? 0 : disk_.sectors * kSector)) return;
  const bool reading = row.action == ata::Action::Read || row.action == ata::Action::ReadDma;
  if (!completion.ok)
    return fail(reading || row.action == ata::Action::Verify ? ata::kUncorrectable : ata::kAborted);
  if (!reading) return finish();
  state_.buffer = std::move(completion.data);
  state_.position = 0;
  if (row.action == ata::Action::Read) {
    state_.phase = Phase::DataIn;
    next_block(true);
    return;
  }
  state_.phase = Phase::DmaIn;
  state_.status = ata::kReady | ata::kSeekDone | ata::kDataRequest;
  host_.drive_changed();
}

/// SET FEATURES (9.50): transfer mode, caches; what is not there is aborted.
void AtaDrive::set_features() {
  switch (state_.current[ata::kFeatures]) {
    case 0x02: disk_.write_cache = true; break;
    case 0x82: disk_.write_cache = false; break;
    case 0x55:
    case 0xaa:  // read look-ahead
    case 0x66:
    case 0xcc: break;  // power-on defaults after soft reset
    case 0x03:
      if (!set_transfer_mode(state_.current[ata::kSectorCount])) return fail(ata::kAborted);
      break;
    default: return fail(ata::kAborted);
  }
  settle(kAtaCommandTime);
}

}  // namespace hvlab::devices
