#include "sim/devices/atapi_drive.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::devices {
namespace {

/// The drive reads this much at a time; the host may ask for all of a disc at once.
constexpr u64 kBlocksAtATime = 32;

}  // namespace

AtapiDrive::AtapiDrive(const std::string& name, unsigned number, BlockMedium& disc, Clock& clock, Host& host,
                       const observe::DeviceProbe& probe)
    : IdeDrive(name, number, disc, clock, host, probe) {
  AtapiDrive::hardware_reset();
}

void AtapiDrive::hardware_reset() {
  disc_ = DiscState{};
  disc_.attention = atapi::kSwitchedOn;
  power_on();
}

/// Table 27: what says "a packet device".
void AtapiDrive::set_signature() {
  state_.current[ata::kSectorCount] = state_.current[ata::kLbaLow] = 1;
  state_.current[ata::kLbaMid] = 0x14;
  state_.current[ata::kLbaHigh] = 0xeb;
}

// --- ATA commands ---------------------------------------------------------------------------------

void AtapiDrive::command(u8 opcode) {
  if (opcode == ata::kDeviceReset) return soft_reset(false);
  begin(opcode);
  disc_.awaits_packet = false;
  disc_.blocks = 0;
  switch (opcode) {
    case atapi::kPacket: return start_packet();
    case atapi::kIdentifyPacketDevice: return identify();
    case 0xef:
      if (state_.current[ata::kFeatures] != 0x03 || !set_transfer_mode(state_.current[ata::kSectorCount]))
        return abort();
      return settle(kAtaCommandTime);
    case 0xe0:  // STANDBY IMMEDIATE, IDLE IMMEDIATE, SLEEP: the drive is always ready
    case 0xe1:
    case 0xe6: return settle(kAtaCommandTime);
    case 0xe5:  // CHECK POWER MODE: active
      state_.current[ata::kSectorCount] = 0xff;
      return settle(kAtaCommandTime);
    case 0x20:  // READ SECTOR(S) and IDENTIFY DEVICE show what it is (9.12, 8.15.5)
    case 0xec: set_signature(); return abort();
    default: return abort();
  }
}

void AtapiDrive::abort() {
  state_.error = ata::kAborted;
  settle(kAtaCommandTime);
}

void AtapiDrive::abort_packet() {
  state_.current[ata::kSectorCount] = atapi::kStatusPhase;
  abort();
}

/// Asks for the packet (9.8, figure 28): the features and byte count registers are those of all of the
/// command.
void AtapiDrive::start_packet() {
  if ((state_.current[ata::kFeatures] & atapi::kOverlapped) != 0) return abort();
  disc_.dma = (state_.current[ata::kFeatures] & atapi::kDma) != 0;
  disc_.limit = static_cast<u16>(state_.current[ata::kLbaMid] | state_.current[ata::kLbaHigh] << 8);
  if (disc_.limit == 0xffff) disc_.limit = 0xfffe;
  disc_.awaits_packet = true;
  state_.buffer.assign(atapi::kPacketBytes, 0);
  state_.position = 0;
  state_.phase = Phase::DataOut;
  clock_.arm(event_, clock_.now() + kAtaCommandTime);
}

// --- the host's part ------------------------------------------------------------------------------

void AtapiDrive::next_block(bool interrupt) {
  if (disc_.awaits_packet) {
    state_.current[ata::kSectorCount] = atapi::kIsCommand;
    return ask_for_data(atapi::kPacketBytes,
                        false);  // word 0 of IDENTIFY PACKET DEVICE: without an interrupt
  }
  const size_t left = disc_.bytes - state_.position;
  const size_t limit = left > disc_.limit ? disc_.limit & ~1u : left;
  state_.current[ata::kSectorCount] = atapi::kToHost;
  state_.current[ata::kLbaMid] = static_cast<u8>(limit);
  state_.current[ata::kLbaHigh] = static_cast<u8>(limit >> 8);
  ask_for_data(state_.position + align_up(limit, 2), interrupt);
}

void AtapiDrive::all_read(bool) {
  if (disc_.blocks != 0) return read_on();
  succeed();
}

// --- ends -----------------------------------------------------------------------------------------

void AtapiDrive::succeed() {
  state_.buffer.clear();
  state_.position = 0;
  state_.current[ata::kSectorCount] = atapi::kStatusPhase;
  settle(kAtaCommandTime);
}

/// The sense key stands in the error register too (8.23.6).
void AtapiDrive::fail(const atapi::Sense& sense) {
  disc_.sense = sense;
  disc_.blocks = 0;
  state_.error = static_cast<u8>(sense.key << 4 | ata::kAborted);
  succeed();
}

/// Sends `data`, as far as the packet has allocated room for it.
void AtapiDrive::reply(std::vector<u8> data, size_t allocated) {
  data.resize(std::min(data.size(), allocated));
  if (data.empty()) return succeed();
  if (!can_move(data.size())) return abort_packet();
  disc_.bytes = data.size();
  data.resize(align_up(data.size(), 2));
  state_.buffer = std::move(data);
  state_.position = state_.block_end = 0;
  state_.phase = disc_.dma ? Phase::DmaIn : Phase::DataIn;
  clock_.arm(event_, clock_.now() + kAtaCommandTime);
}

// --- the disc -------------------------------------------------------------------------------------

void AtapiDrive::read_on() {
  const u64 count = std::min(disc_.blocks, kBlocksAtATime);
  BlockRequest request;
  request.offset = disc_.block * atapi::kBlockBytes;
  request.bytes = count * atapi::kBlockBytes;
  disc_.block += count;
  disc_.blocks -= count;
  disc_.bytes = request.bytes;
  submit(std::move(request));
}

void AtapiDrive::block_done(BlockCompletion completion) {
  if (!completes(completion, disc_.bytes)) return;
  if (!completion.ok) return fail(atapi::kUnreadable);
  state_.buffer = std::move(completion.data);
  state_.position = state_.block_end = 0;
  if (!disc_.dma) {
    state_.phase = Phase::DataIn;
    return next_block(true);
  }
  state_.phase = Phase::DmaIn;
  state_.status = ata::kReady | ata::kSeekDone | ata::kDataRequest;
  host_.drive_changed();
}

}  // namespace hvlab::devices
