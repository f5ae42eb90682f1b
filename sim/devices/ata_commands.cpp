// The commands of an ATA disk (ATA/ATAPI-6, clause 9): what each takes from the task file and what it starts.
#include <algorithm>

#include "sim/devices/ata_drive.hpp"

namespace hvlab::devices {
namespace {

constexpr size_t kSector = 512;
constexpr u8 kLargestMultiple = 16;

}  // namespace

void AtaDrive::command(u8 opcode) {
  if (state_.phase != Phase::Idle) stop();  // a command in the middle of a data transfer ends it
  probe_.report(observe::EventKind::Doorbell, number_, opcode);
  state_.opcode = opcode;
  state_.error = 0;
  state_.status = ata::kBusy | ata::kReady | ata::kSeekDone;
  raise(false);
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
    case Action::Flush: return submit(BlockOperation::Flush);
    case Action::Identify: return identify();
    case Action::SetFeatures: return set_features();
    case Action::SetMultiple: {
      const u8 count = state_.current[ata::kSectorCount];
      if (count > kLargestMultiple || (count & (count - 1)) != 0) return fail(ata::kAborted);
      state_.multiple = count;
      return settle(kAtaCommandTime);
    }
    case Action::InitializeParameters:
      if (state_.current[ata::kSectorCount] == 0) return fail(ata::kAborted);
      state_.heads = static_cast<u16>((state_.current[ata::kDevice] & 15) + 1);
      state_.sectors_per_track = state_.current[ata::kSectorCount];
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
  return static_cast<u16>(std::min<u64>(sectors / (u64{state_.heads} * state_.sectors_per_track), 16'383));
}

/// Takes first sector and count from the task file; false if they leave the disk (6.2: CHS, 28-bit, 48-bit).
bool AtaDrive::locate(bool extended) {
  const auto& now = state_.current;
  const auto& before = state_.previous;
  state_.sectors = now[ata::kSectorCount];
  if (extended) state_.sectors |= u64{before[ata::kSectorCount]} << 8;
  if (state_.sectors == 0) state_.sectors = extended ? 65'536 : 256;
  const u64 low = now[ata::kLbaLow] | u64{now[ata::kLbaMid]} << 8 | u64{now[ata::kLbaHigh]} << 16;
  if (extended) {
    if ((now[ata::kDevice] & ata::kDeviceLba) == 0) return false;
    state_.sector =
        low | (before[ata::kLbaLow] | u64{before[ata::kLbaMid]} << 8 | u64{before[ata::kLbaHigh]} << 16)
                  << 24;
  } else if ((now[ata::kDevice] & ata::kDeviceLba) != 0) {
    state_.sector = low | u64{now[ata::kDevice] & 15u} << 24;
  } else {
    const u64 cylinder = low >> 8, head = now[ata::kDevice] & 15u, sector = now[ata::kLbaLow];
    if (sector == 0 || sector > state_.sectors_per_track || head >= state_.heads || cylinder >= cylinders())
      return false;
    state_.sector = (cylinder * state_.heads + head) * state_.sectors_per_track + sector - 1;
  }
  const u64 capacity = medium_.capacity() / kSector;
  return state_.sector < capacity && state_.sectors <= capacity - state_.sector;
}

void AtaDrive::start_transfer(const ata::CommandRow& row) {
  if (row.multiple && state_.multiple == 0) return fail(ata::kAborted);
  if (!locate(row.extended)) return fail(ata::kNotFound);
  state_.position = state_.block_end = 0;
  switch (row.action) {
    case ata::Action::Write:
    case ata::Action::WriteDma:
      if (medium_.read_only()) return fail(ata::kAborted);
      state_.buffer.assign(state_.sectors * kSector, 0);
      state_.phase = row.action == ata::Action::Write ? Phase::DataOut : Phase::DmaOut;
      clock_.arm(event_, clock_.now() + kAtaCommandTime);
      return;
    default: return submit(BlockOperation::Read);
  }
}

void AtaDrive::submit(BlockOperation operation) {
  BlockRequest request;
  request.id = state_.request = state_.next_request++;
  request.operation = operation;
  if (operation != BlockOperation::Flush) {
    request.offset = state_.sector * kSector;
    request.bytes = state_.sectors * kSector;
  }
  if (operation == BlockOperation::Write) request.data = std::move(state_.buffer);
  state_.buffer.clear();
  state_.phase = Phase::Medium;
  state_.status = ata::kBusy | ata::kReady | ata::kSeekDone;
  probe_.report(observe::EventKind::RequestStart, request.id,
                request.bytes | (operation == BlockOperation::Write ? u64{1} << 63 : 0));
  medium_.submit(std::move(request));
  host_.drive_changed();
}

void AtaDrive::block_done(BlockCompletion completion) {
  if (state_.phase != Phase::Medium || completion.id != state_.request) return;
  const ata::CommandRow row = ata::find_command(state_.opcode);
  probe_.report(observe::EventKind::RequestDone, completion.id,
                row.action == ata::Action::Flush ? 0 : state_.sectors * kSector);
  state_.request = 0;
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
    case 0x02: state_.write_cache = true; break;
    case 0x82: state_.write_cache = false; break;
    case 0x55:
    case 0xaa:  // read look-ahead
    case 0x66:
    case 0xcc: break;  // power-on defaults after soft reset
    case 0x03: {
      const u8 mode = state_.current[ata::kSectorCount];
      const bool pio = mode <= 0x01 || (mode >= 0x08 && mode <= 0x0c), dma = mode >= 0x20 && mode <= 0x22;
      if (!pio && !dma) return fail(ata::kAborted);
      if (dma) state_.dma_mode = mode & 7;
      break;
    }
    default: return fail(ata::kAborted);
  }
  settle(kAtaCommandTime);
}

}  // namespace hvlab::devices
