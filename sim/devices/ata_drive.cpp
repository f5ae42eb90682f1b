#include "sim/devices/ata_drive.hpp"

#include <algorithm>
#include <cstring>

namespace hvlab::devices {
namespace {

constexpr size_t kSector = 512;
/// From reset to the signature (assumed; ATA-6 allows 31 s).
constexpr Picoseconds kResetTime = 2 * kMillisecond;

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

// --- registers ------------------------------------------------------------------------------------

u8 AtaDrive::read_register(u8 offset, bool high_order_byte) {
  switch (offset) {
    case ata::kError: return state_.error;
    case ata::kStatus: return read_status();
    case ata::kDevice: return state_.current[ata::kDevice] | ata::kDeviceFixed;
    default: return high_order_byte ? state_.previous[offset] : state_.current[offset];
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

// --- resets ---------------------------------------------------------------------------------------

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

// --- ends of phases -------------------------------------------------------------------------------

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
    case Phase::DataIn: return next_block(true);
    case Phase::DataOut:
      return next_block(false);  // the first block is asked for without an interrupt (9.x, PIO out)
    case Phase::DmaOut:
      state_.status = ata::kReady | ata::kSeekDone | ata::kDataRequest;
      host_.drive_changed();
      return;
    default: return;
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
  settle(kAtaCommandTime);
}

// --- data -----------------------------------------------------------------------------------------

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
