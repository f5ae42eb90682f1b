#include "sim/devices/ide_drive.hpp"

#include <algorithm>
#include <cstring>

namespace hvlab::devices {
namespace {

/// From reset to the signature (assumed; ATA-6 allows 31 s).
constexpr Picoseconds kResetTime = 2 * kMillisecond;

}  // namespace

IdeDrive::IdeDrive(const std::string& name, unsigned number, BlockMedium& medium, Clock& clock, Host& host,
                   const observe::DeviceProbe& probe)
    : name_(name), number_(number), medium_(medium), clock_(clock), host_(host), probe_(probe) {
  event_ = clock.add_event(name + ".ata", [this] { settled(); });
  medium.attach(*this);
}

void IdeDrive::raise(bool interrupt) {
  state_.interrupt = interrupt;
  host_.drive_changed();
}

// --- registers ------------------------------------------------------------------------------------

u8 IdeDrive::read_register(u8 offset, bool high_order_byte) {
  switch (offset) {
    case ata::kError: return state_.error;
    case ata::kStatus: return read_status();
    case ata::kDevice: return state_.current[ata::kDevice] | ata::kDeviceFixed;
    default: return high_order_byte ? state_.previous[offset] : state_.current[offset];
  }
}

u8 IdeDrive::read_status() {
  const u8 status = state_.status;
  if (state_.interrupt) raise(false);
  return status;
}

void IdeDrive::write_register(u8 offset, u8 value) {
  if (offset == ata::kCommand && value == ata::kDeviceReset) return command(value);  // even while busy (9.11)
  if ((state_.status & ata::kBusy) != 0) return;  // 7.1: the drive owns the registers
  if (offset == ata::kCommand) {
    command(value);
    return;
  }
  if (offset != ata::kDevice) state_.previous[offset] = state_.current[offset];
  state_.current[offset] = value;
}

// --- resets ---------------------------------------------------------------------------------------

void IdeDrive::stop() {
  medium_.abandon();
  clock_.disarm(event_);
  state_.request = 0;
  state_.buffer.clear();
  state_.position = state_.block_end = 0;
  state_.phase = Phase::Idle;
}

void IdeDrive::power_on() {
  const u64 next = state_.next_request;
  stop();
  state_ = State{};
  state_.next_request = next;
  soft_reset(true);
  soft_reset(false);
}

void IdeDrive::soft_reset(bool asserted) {
  stop();
  state_.current = state_.previous = {};
  state_.error = 1;  // the drive works
  set_signature();
  state_.status = ata::kBusy;
  state_.phase = Phase::Reset;
  if (!asserted) clock_.arm(event_, clock_.now() + kResetTime);
  raise(false);
}

void IdeDrive::diagnose(bool interrupt) {
  stop();
  state_.current = state_.previous = {};
  state_.error = 1;
  set_signature();
  state_.opcode = 0x90;
  settle(kResetTime);
  state_.interrupt_after_settle = interrupt;
  raise(false);
}

// --- commands -------------------------------------------------------------------------------------

void IdeDrive::begin(u8 opcode) {
  if (state_.phase != Phase::Idle) stop();  // a command in the middle of a data transfer ends it
  probe_.report(observe::EventKind::Doorbell, number_, opcode);
  state_.opcode = opcode;
  state_.error = 0;
  state_.status = ata::kBusy | ata::kReady | ata::kSeekDone;
  raise(false);
}

void IdeDrive::settle(Picoseconds time) {
  state_.phase = Phase::Settle;
  state_.status = ata::kBusy | ata::kReady | ata::kSeekDone;
  state_.interrupt_after_settle = true;
  clock_.arm(event_, clock_.now() + time);
}

/// The drive's own time is over.
void IdeDrive::settled() {
  switch (state_.phase) {
    case Phase::Settle:
      state_.status = ata::kReady | ata::kSeekDone | ((state_.error & ~1) != 0 ? ata::kCheck : 0);
      state_.phase = Phase::Idle;
      raise(state_.interrupt_after_settle);
      return;
    case Phase::Reset:
      state_.status = reset_status();
      state_.phase = Phase::Idle;
      return;
    case Phase::DataIn: return next_block(true);
    case Phase::DataOut:
      return next_block(false);  // the first block is asked for without an interrupt (9.x, PIO out)
    case Phase::DmaIn:
    case Phase::DmaOut:
      state_.status = ata::kReady | ata::kSeekDone | ata::kDataRequest;
      host_.drive_changed();
      return;
    default: return;
  }
}

void IdeDrive::submit(BlockRequest request) {
  request.id = state_.request = state_.next_request++;
  state_.buffer.clear();
  state_.phase = Phase::Medium;
  state_.status = ata::kBusy | ata::kReady | ata::kSeekDone;
  probe_.report(observe::EventKind::RequestStart, request.id,
                request.bytes | (request.operation == BlockOperation::Write ? u64{1} << 63 : 0));
  medium_.submit(std::move(request));
  host_.drive_changed();
}

bool IdeDrive::completes(const BlockCompletion& completion, u64 bytes) {
  if (state_.phase != Phase::Medium || completion.id != state_.request) return false;
  probe_.report(observe::EventKind::RequestDone, completion.id, bytes);
  state_.request = 0;
  return true;
}

bool IdeDrive::set_transfer_mode(u8 mode) {
  const bool pio = mode <= 0x01 || (mode >= 0x08 && mode <= 0x0c), dma = mode >= 0x20 && mode <= 0x22;
  if (dma) state_.dma_mode = mode & 7;
  return pio || dma;
}

// --- data -----------------------------------------------------------------------------------------

void IdeDrive::ask_for_data(size_t block_end, bool interrupt) {
  state_.block_end = block_end;
  state_.status = ata::kReady | ata::kSeekDone | ata::kDataRequest;
  if (interrupt) raise(true);
}

u16 IdeDrive::read_data() {
  if (state_.phase != Phase::DataIn || state_.position + 2 > state_.block_end) return 0xffff;
  u16 value;
  std::memcpy(&value, &state_.buffer[state_.position], 2);
  state_.position += 2;
  if (state_.position < state_.block_end) return value;
  if (state_.position < state_.buffer.size())
    next_block(true);
  else
    all_read(false);
  return value;
}

void IdeDrive::write_data(u16 value) {
  if (state_.phase != Phase::DataOut || state_.position + 2 > state_.block_end) return;
  std::memcpy(&state_.buffer[state_.position], &value, 2);
  state_.position += 2;
  if (state_.position < state_.block_end) return;
  if (state_.position < state_.buffer.size())
    next_block(true);
  else
    all_written();
}

IdeDrive::DmaRequest IdeDrive::dma_request() const {
  if ((state_.status & ata::kDataRequest) == 0) return DmaRequest::None;
  if (state_.phase == Phase::DmaIn) return DmaRequest::ToMemory;
  return state_.phase == Phase::DmaOut ? DmaRequest::FromMemory : DmaRequest::None;
}

std::span<u8> IdeDrive::dma_bytes() { return std::span(state_.buffer).subspan(state_.position); }

void IdeDrive::dma_moved(size_t bytes) {
  state_.position += std::min(bytes, state_.buffer.size() - state_.position);
  if (state_.position < state_.buffer.size()) return;
  if (state_.phase == Phase::DmaIn)
    all_read(true);
  else
    all_written();
}

Picoseconds IdeDrive::dma_cycle() const {
  constexpr Picoseconds kCycle[] = {480 * kNanosecond, 150 * kNanosecond, 120 * kNanosecond};
  return kCycle[std::min<u8>(state_.dma_mode, 2)];
}

}  // namespace hvlab::devices
