#include "sim/devices/ata_drive.hpp"

#include <algorithm>
#include <cstring>

namespace hvlab::devices {
namespace {

constexpr size_t kSector = 512;
/// Commands that do not touch the medium (assumed: drive firmware).
constexpr Picoseconds kCommandTime = 10 * kMicrosecond;
/// From reset to the signature (assumed; ATA-6 allows 31 s).
constexpr Picoseconds kResetTime = 2 * kMillisecond;
constexpr u8 kLargestMultiple = 16;

}  // namespace

AtaDrive::AtaDrive(const std::string& name, unsigned number, BlockMedium& medium, Clock& clock, Host& host,
                   const observe::DeviceProbe& probe)
    : name_(name), number_(number), medium_(medium), clock_(clock), host_(host), probe_(probe) {
  event_ = clock.add_event(name + ".ata", [this] { settled(); });
  medium.attach(*this);
  hardware_reset();
}

void AtaDrive::raise(bool interrupt) {
  state_.interrupt = interrupt;
  host_.drive_changed();
}

// --- registers
// ---------------------------------------------------------------------------------------------------

u8 AtaDrive::read_register(u8 offset, bool high_order_byte) {
  switch (offset) {
    case ata::kError:
      return state_.error;
    case ata::kStatus:
      return read_status();
    case ata::kDevice:
      return state_.current[ata::kDevice] | ata::kDeviceFixed;
    default:
      return high_order_byte ? state_.previous[offset] : state_.current[offset];
  }
}

u8 AtaDrive::read_status() {
  const u8 status = state_.status;
  if (state_.interrupt) raise(false);
  return status;
}

void AtaDrive::write_register(u8 offset, u8 value) {
  if ((state_.status & ata::kBusy) != 0) return;  // 7.1: the drive owns the registers
  if (offset == ata::kCommand) {
    command(value);
    return;
  }
  if (offset != ata::kDevice) state_.previous[offset] = state_.current[offset];
  state_.current[offset] = value;
}

// --- resets
// ------------------------------------------------------------------------------------------------------

/// Leaves whatever was in progress.
void AtaDrive::stop() {
  medium_.abandon();
  clock_.disarm(event_);
  state_.request = 0;
  state_.buffer.clear();
  state_.position = state_.block_end = 0;
  state_.phase = Phase::Idle;
}

/// Table 27: what says "an ATA disk, and it works".
void AtaDrive::set_signature() {
  state_.current = state_.previous = {};
  state_.current[ata::kSectorCount] = state_.current[ata::kLbaLow] = 1;
  state_.error = 1;
}

void AtaDrive::hardware_reset() {
  const u64 next = state_.next_request;
  stop();
  state_ = State{};
  state_.next_request = next;
  soft_reset(true);
  soft_reset(false);
}

void AtaDrive::soft_reset(bool asserted) {
  stop();
  set_signature();
  state_.status = ata::kBusy;
  state_.phase = Phase::Reset;
  if (!asserted) clock_.arm(event_, clock_.now() + kResetTime);
  raise(false);
}

void AtaDrive::diagnose(bool interrupt) {
  stop();
  set_signature();
  state_.opcode = 0x90;
  settle(kResetTime);
  state_.interrupt_after_settle = interrupt;
  raise(false);
}

// --- commands
// ----------------------------------------------------------------------------------------------------

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
    case Action::None:
      return fail(ata::kAborted);
    case Action::Read:
    case Action::Write:
    case Action::ReadDma:
    case Action::WriteDma:
    case Action::Verify:
      return start_transfer(row);
    case Action::Flush:
      return submit(BlockOperation::Flush);
    case Action::Identify:
      return identify();
    case Action::SetFeatures:
      return set_features();
    case Action::SetMultiple: {
      const u8 count = state_.current[ata::kSectorCount];
      if (count > kLargestMultiple || (count & (count - 1)) != 0) return fail(ata::kAborted);
      state_.multiple = count;
      return settle(kCommandTime);
    }
    case Action::InitializeParameters:
      if (state_.current[ata::kSectorCount] == 0) return fail(ata::kAborted);
      state_.heads = static_cast<u16>((state_.current[ata::kDevice] & 15) + 1);
      state_.sectors_per_track = state_.current[ata::kSectorCount];
      return settle(kCommandTime);
    case Action::CheckPower:
      state_.current[ata::kSectorCount] = 0xff;
      return settle(kCommandTime);  // active
    case Action::Diagnostic:
      return diagnose(true);
    case Action::NoOperation:
      return settle(kCommandTime);
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
      clock_.arm(event_, clock_.now() + kCommandTime);
      return;
    default:
      return submit(BlockOperation::Read);
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
    case 0x02:
      state_.write_cache = true;
      break;
    case 0x82:
      state_.write_cache = false;
      break;
    case 0x55:
    case 0xaa:  // read look-ahead
    case 0x66:
    case 0xcc:
      break;  // power-on defaults after soft reset
    case 0x03: {
      const u8 mode = state_.current[ata::kSectorCount];
      const bool pio = mode <= 0x01 || (mode >= 0x08 && mode <= 0x0c), dma = mode >= 0x20 && mode <= 0x22;
      if (!pio && !dma) return fail(ata::kAborted);
      if (dma) state_.dma_mode = mode & 7;
      break;
    }
    default:
      return fail(ata::kAborted);
  }
  settle(kCommandTime);
}

// --- ends of phases
// ----------------------------------------------------------------------------------------------

void AtaDrive::settle(Picoseconds time) {
  state_.phase = Phase::Settle;
  state_.status = ata::kBusy | ata::kReady | ata::kSeekDone;
  state_.interrupt_after_settle = true;
  clock_.arm(event_, clock_.now() + time);
}

/// The drive's own time is over.
void AtaDrive::settled() {
  switch (state_.phase) {
    case Phase::Settle:
      state_.status = ata::kReady | ata::kSeekDone | ((state_.error & ~1) != 0 ? ata::kCheck : 0);
      state_.phase = Phase::Idle;
      raise(state_.interrupt_after_settle);
      return;
    case Phase::Reset:
      state_.status = ata::kReady | ata::kSeekDone;
      state_.phase = Phase::Idle;
      return;
    case Phase::DataIn:
      return next_block(true);
    case Phase::DataOut:
      return next_block(false);  // the first block is asked for without an interrupt (9.x, PIO out)
    case Phase::DmaOut:
      state_.status = ata::kReady | ata::kSeekDone | ata::kDataRequest;
      host_.drive_changed();
      return;
    default:
      return;
  }
}

void AtaDrive::finish() {
  state_.buffer.clear();
  state_.phase = Phase::Idle;
  state_.status = ata::kReady | ata::kSeekDone;
  state_.current[ata::kSectorCount] = 0;
  raise(true);
}

void AtaDrive::fail(u8 error) {
  state_.buffer.clear();
  state_.error = error;
  settle(kCommandTime);
}

// --- data
// --------------------------------------------------------------------------------------------------------

/// Asks for the next block of a PIO transfer, of one sector or as SET MULTIPLE MODE says.
void AtaDrive::next_block(bool interrupt) {
  const size_t sectors = ata::find_command(state_.opcode).multiple ? state_.multiple : 1;
  state_.block_end = std::min(state_.position + sectors * kSector, state_.buffer.size());
  state_.status = ata::kReady | ata::kSeekDone | ata::kDataRequest;
  if (interrupt) raise(true);
}

u16 AtaDrive::read_data() {
  if (state_.phase != Phase::DataIn || state_.position + 2 > state_.block_end) return 0xffff;
  u16 value;
  std::memcpy(&value, &state_.buffer[state_.position], 2);
  state_.position += 2;
  if (state_.position < state_.block_end) return value;
  if (state_.position < state_.buffer.size()) {
    next_block(true);
  } else {
    state_.buffer.clear();
    state_.phase = Phase::Idle;
    state_.status = ata::kReady | ata::kSeekDone;
  }
  return value;
}

void AtaDrive::write_data(u16 value) {
  if (state_.phase != Phase::DataOut || state_.position + 2 > state_.block_end) return;
  std::memcpy(&state_.buffer[state_.position], &value, 2);
  state_.position += 2;
  if (state_.position < state_.block_end) return;
  if (state_.position < state_.buffer.size())
    next_block(true);
  else
    submit(BlockOperation::Write);
}

AtaDrive::DmaRequest AtaDrive::dma_request() const {
  if ((state_.status & ata::kDataRequest) == 0) return DmaRequest::None;
  if (state_.phase == Phase::DmaIn) return DmaRequest::ToMemory;
  return state_.phase == Phase::DmaOut ? DmaRequest::FromMemory : DmaRequest::None;
}

std::span<u8> AtaDrive::dma_bytes() { return std::span(state_.buffer).subspan(state_.position); }

void AtaDrive::dma_moved(size_t bytes) {
  state_.position += std::min(bytes, state_.buffer.size() - state_.position);
  if (state_.position < state_.buffer.size()) return;
  if (state_.phase == Phase::DmaIn)
    finish();
  else
    submit(BlockOperation::Write);
}

Picoseconds AtaDrive::dma_cycle() const {
  constexpr Picoseconds kCycle[] = {480 * kNanosecond, 150 * kNanosecond, 120 * kNanosecond};
  return kCycle[std::min<u8>(state_.dma_mode, 2)];
}

}  // namespace hvlab::devices
