// Packets that move the disc or read it (MMC-4, clause 6; SPC-3, clause 6).
#include <algorithm>
#include <utility>

#include "sim/base/bits.hpp"
#include "sim/devices/atapi_drive.hpp"

namespace hvlab::devices {

using namespace atapi;

struct AtapiDrive::PacketRow {
  u8 operation;
  void (AtapiDrive::*run)();
  bool needs_disc = false;
  bool always = false;  // even while something has to be told first (SPC-3, 5.10.1 and 6.4.1)
};

const AtapiDrive::PacketRow AtapiDrive::kPackets[] = {
    {kTestUnitReady, &AtapiDrive::test_unit_ready, true},
    {kRequestSense, &AtapiDrive::request_sense, false, true},
    {kInquiry, &AtapiDrive::inquiry, false, true},
    {kStartStopUnit, &AtapiDrive::start_stop},
    {kPreventAllowRemoval, &AtapiDrive::prevent_removal},
    {kReadCapacity, &AtapiDrive::read_capacity, true},
    {kRead10, &AtapiDrive::read_10, true},
    {kSeek10, &AtapiDrive::seek, true},
    {kReadToc, &AtapiDrive::read_toc, true},
    {kGetConfiguration, &AtapiDrive::get_configuration, false, true},
    {kGetEventStatus, &AtapiDrive::get_event_status, false, true},
    {kReadDiscInformation, &AtapiDrive::read_disc_information, true},
    {kModeSense10, &AtapiDrive::mode_sense},
    {kRead12, &AtapiDrive::read_12, true},
    {kSetCdSpeed, &AtapiDrive::test_unit_ready},
    {kMechanismStatus, &AtapiDrive::mechanism_status},
};

u64 AtapiDrive::field(unsigned at, unsigned bytes) const {
  u64 value = 0;
  for (unsigned i = 0; i < bytes; ++i) value = value << 8 | disc_.packet[at + i];
  return value;
}

void AtapiDrive::run_packet() {
  std::copy_n(state_.buffer.begin(), kPacketBytes, disc_.packet.begin());
  disc_.awaits_packet = false;
  state_.buffer.clear();
  state_.position = state_.block_end = 0;
  state_.status = ata::kBusy | ata::kReady | ata::kSeekDone;
  const auto row = std::ranges::find(kPackets, disc_.packet[0], &PacketRow::operation);
  if (row == std::end(kPackets)) return fail(kUnknownOperation);
  if (!row->always && disc_.attention.key != 0) return fail(std::exchange(disc_.attention, kNoSense));
  if (row->needs_disc && !disc_.loaded) return fail(kNoDisc);
  if (row->operation != kRequestSense) disc_.sense = kNoSense;
  (this->*row->run)();
}

void AtapiDrive::request_sense() {
  const Sense sense = std::exchange(disc_.sense, kNoSense);
  const Sense told = sense.key != 0 ? sense : std::exchange(disc_.attention, kNoSense);
  std::vector<u8> data(18);
  data[0] = 0x70;  // fixed format, of this command (SPC-3, 4.5.3)
  data[2] = told.key;
  data[7] = 10;
  data[12] = told.code;
  data[13] = told.qualifier;
  reply(std::move(data), disc_.packet[4]);
}

// --- tray -----------------------------------------------------------------------------------------

void AtapiDrive::eject() {
  if (disc_.locked) return fail(kRemovalPrevented);
  if (disc_.loaded) disc_.event = kNoDisc;
  disc_.loaded = false;
  succeed();
}

void AtapiDrive::load() {
  if (!disc_.loaded) disc_.attention = disc_.event = kDiscChanged;
  disc_.loaded = true;
  succeed();
}

void AtapiDrive::start_stop() {
  switch (disc_.packet[4] & 3) {
    case 2: return eject();
    case 3: return load();
    default: return succeed();  // the disc turns when it is needed
  }
}

void AtapiDrive::prevent_removal() {
  disc_.locked = (disc_.packet[4] & 1) != 0;
  succeed();
}

// --- reading --------------------------------------------------------------------------------------

void AtapiDrive::read_capacity() {
  std::vector<u8> data;
  for (const u64 value : {disc_blocks() - 1, kBlockBytes})
    for (unsigned i = 4; i-- > 0;) data.push_back(static_cast<u8>(value >> (8 * i)));
  reply(std::move(data), 8);
}

void AtapiDrive::read_blocks(u64 first, u64 count) {
  if (first > disc_blocks() || count > disc_blocks() - first) return fail(kOutOfRange);
  if (count == 0) return succeed();
  if (!can_move(kBlockBytes)) return abort_packet();
  disc_.block = first;
  disc_.blocks = count;
  read_on();
}

void AtapiDrive::read_10() { read_blocks(field(2, 4), field(7, 2)); }
void AtapiDrive::read_12() { read_blocks(field(2, 4), field(6, 4)); }

void AtapiDrive::seek() {
  if (field(2, 4) >= disc_blocks()) return fail(kOutOfRange);
  succeed();
}

}  // namespace hvlab::devices
