#include "sim/devices/ata_drive.hpp"

#include <algorithm>

namespace hvlab::devices {
namespace {

constexpr size_t kSector = 512;

}  // namespace

AtaDrive::AtaDrive(const std::string& name, unsigned number, BlockMedium& medium, Clock& clock, Host& host,
                   const observe::DeviceProbe& probe)
    : IdeDrive(name, number, medium, clock, host, probe) {
  AtaDrive::hardware_reset();
}

void AtaDrive::hardware_reset() {
  disk_ = DiskState{};
  power_on();
}

/// Table 27: what says "an ATA disk".
void AtaDrive::set_signature() { state_.current[ata::kSectorCount] = state_.current[ata::kLbaLow] = 1; }

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

/// A block is one sector, or as many as SET MULTIPLE MODE says.
void AtaDrive::next_block(bool interrupt) {
  const size_t sectors = ata::find_command(state_.opcode).multiple ? disk_.multiple : 1;
  ask_for_data(std::min(state_.position + sectors * kSector, state_.buffer.size()), interrupt);
}

/// The last block of PIO data in has no interrupt behind it (9.5).
void AtaDrive::all_read(bool by_dma) {
  if (by_dma) return finish();
  state_.buffer.clear();
  state_.phase = Phase::Idle;
  state_.status = ata::kReady | ata::kSeekDone;
}

}  // namespace hvlab::devices
