// What the drive says about itself and its disc (ATA/ATAPI-6, 8.16; SPC-3, 6.4; MMC-4, 6.5 to 6.27).
#include <algorithm>
#include <utility>

#include "sim/base/bits.hpp"
#include "sim/devices/atapi_drive.hpp"
#include "sim/devices/identify_words.hpp"

namespace hvlab::devices {

using namespace atapi;

namespace {

constexpr u8 kDataTrack = 0x14;  // ADR 1, a data track without copy permission
constexpr u8 kLeadOut = 0xaa;
constexpr u16 kSpeed = 9'200;  // KB/s; profiles/disk/dvd-rom.yaml

void append(std::vector<u8>& to, u64 value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) to.push_back(static_cast<u8>(value >> (8 * i)));
}

/// Minute, second and frame of a block: the first is after two seconds (MMC-4, table 553).
u64 minutes(u64 block) {
  const u64 frames = block + 150;
  return frames / (60 * 75) << 16 | frames / 75 % 60 << 8 | frames % 75;
}

/// Fills in the length of what follows it.
void set_length(std::vector<u8>& data, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i)
    data[i] = static_cast<u8>((data.size() - bytes) >> (8 * (bytes - 1 - i)));
}

}  // namespace

void AtapiDrive::identify() {
  std::vector<u8> data(512);
  put_word(data, 0, 0x85c0);  // packet device, CD, removable, DRQ within 50 us, packets of 12 bytes
  put_text(data, 10, 10, name_);
  put_text(data, 23, 4, "1.0");
  put_text(data, 27, 20, "HVLab DVD-ROM");
  put_word(data, 49, 0x0f00);  // IORDY, LBA, DMA
  put_word(data, 51, 0x0200);
  put_word(data, 53, 0x0003);
  put_word(data, 63, 0x0007 | 0x0100u << state_.dma_mode);                     // multiword DMA 0 to 2
  put_word(data, 64, 0x0003);                                                  // PIO modes 3 and 4
  for (const unsigned word : {65u, 66u, 67u, 68u}) put_word(data, word, 120);  // cycle times in ns
  put_word(data, 80, 0x007e);                                                  // to ATA/ATAPI-6
  put_word(data, 82, 0x4210);                                                  // NOP, DEVICE RESET, packets
  put_word(data, 83, 0x4000);
  put_word(data, 84, 0x4000);
  put_word(data, 85, 0x4210);
  put_word(data, 87, 0x4000);
  put_checksum(data);
  disc_.dma = false;
  disc_.limit = 512;
  reply(std::move(data), 512);
}

void AtapiDrive::inquiry() {
  if ((disc_.packet[1] & 1) != 0 || disc_.packet[2] != 0)
    return fail(kInvalidField);                                  // no vital product data
  std::vector<u8> data = {0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0};  // CD, removable, ATAPI (SFF-8020i, 10.8.1)
  for (const char* text : {"HVLab   ", "DVD-ROM         ", "1.0 "})
    data.insert(data.end(), text, text + std::char_traits<char>::length(text));
  reply(std::move(data), disc_.packet[4]);
}

/// One data track in one session (MMC-4, 6.26).
void AtapiDrive::read_toc() {
  const bool msf = (disc_.packet[1] & 2) != 0;
  const unsigned format = (disc_.packet[2] & 15) != 0 ? disc_.packet[2] & 15 : disc_.packet[9] >> 6;
  const u8 first = disc_.packet[6];
  std::vector<u8> data = {0, 0, 1, 1};
  const auto track = [&](u8 number, u64 block) {
    data.insert(data.end(), {0, kDataTrack, number, 0});
    append(data, msf ? minutes(block) : block, 4);
  };
  if (format > 1 || (format == 0 && first > 1 && first != kLeadOut)) return fail(kInvalidField);
  if (format == 1 || first <= 1) track(1, 0);
  if (format == 0) track(kLeadOut, disc_blocks());
  set_length(data, 2);
  reply(std::move(data), field(7, 2));
}

/// Features (MMC-4, clause 5): number, version and flags, then what is particular to each.
void AtapiDrive::get_configuration() {
  struct Feature {
    u16 number;
    u8 flags;  // 1: current; 2: always
    std::vector<u8> data;
  };
  const bool cd = disc_.loaded && is_cd(), dvd = disc_.loaded && !is_cd();
  const u8 current = disc_.loaded ? 1 : 0;
  const Feature features[] = {
      {0x0000, 3, {0x00, kDvdRom, dvd, 0, 0x00, kCdRom, cd, 0}},   // profiles
      {0x0001, 3, {0, 0, 0, 2}},                                   // core: ATAPI
      {0x0003, 3, {0x29, 0, 0, 0}},                                // tray, ejects, locks
      {0x0010, current, {0, 0, kBlockBytes >> 8, 0, 0, 1, 0, 0}},  // random reading
      {0x001e, static_cast<u8>(cd), {0, 0, 0, 0}},                 // reading CDs
      {0x001f, static_cast<u8>(dvd), {}},                          // reading DVDs
  };
  const unsigned wanted = disc_.packet[1] & 3;
  if (wanted == 3) return fail(kInvalidField);
  std::vector<u8> data;
  append(data, 0, 6);
  append(data, cd ? kCdRom : dvd ? kDvdRom : 0, 2);
  for (const Feature& feature : features) {
    const u64 from = field(2, 2);
    if (wanted == 2 ? feature.number != from : feature.number < from) continue;
    if (wanted == 1 && (feature.flags & 1) == 0) continue;
    append(data, feature.number, 2);
    append(data, feature.flags, 1);
    append(data, feature.data.size(), 1);
    data.insert(data.end(), feature.data.begin(), feature.data.end());
  }
  set_length(data, 4);
  reply(std::move(data), field(7, 2));
}

/// Polled, and of the class "media" alone (MMC-4, 6.7).
void AtapiDrive::get_event_status() {
  constexpr u8 kPolled = 1, kMedia = 4, kMediaClass = 1 << kMedia;
  if ((disc_.packet[1] & kPolled) == 0) return fail(kInvalidField);
  std::vector<u8> data = {0, 0, 0x80, kMediaClass};  // no event of these classes
  if ((disc_.packet[4] & kMediaClass) != 0) {
    const Sense event = std::exchange(disc_.event, kNoSense);
    const u8 what = event.key == kDiscChanged.key ? 2 : event.key == kNoDisc.key ? 3 : 0;
    data = {0, 0, kMedia, kMediaClass, what, static_cast<u8>(disc_.loaded ? 2 : 1), 0, 0};
  }
  set_length(data, 2);
  reply(std::move(data), field(7, 2));
}

/// A finished disc of one session (MMC-4, 6.22).
void AtapiDrive::read_disc_information() {
  std::vector<u8> data(34);
  data[2] = 0x0e;
  data[3] = data[4] = data[5] = data[6] = 1;
  data[7] = 0x20;
  std::fill(data.begin() + 16, data.begin() + 24, u8{0xff});  // nothing can be added
  set_length(data, 2);
  reply(std::move(data), field(7, 2));
}

/// Pages 1 (error recovery) and 2Ah (what the drive can do) (MMC-4, 7.3 and 7.11).
void AtapiDrive::mode_sense() {
  const u8 page = disc_.packet[2] & 0x3f, which = disc_.packet[2] >> 6;
  if (which == 3) return fail(kNoSavedPages);
  std::vector<u8> recovery = {0x01, 0x06, 0, 5, 0, 0, 0, 0};
  std::vector<u8> abilities = {0x2a, 0x12, 0x0b, 0x00, 0x70, 0x00, static_cast<u8>(0x29 | disc_.locked << 1),
                               0x00};
  for (const u16 figure : {kSpeed, u16{0}, u16{128}, kSpeed}) append(abilities, figure, 2);  // KiB of buffer
  abilities.resize(20);
  std::vector<u8> data = {0, 0, static_cast<u8>(disc_.loaded ? 0x01 : 0x71), 0, 0, 0, 0, 0};
  bool any = false;
  for (std::vector<u8>* each : {&recovery, &abilities}) {
    if (page != 0x3f && page != each->front()) continue;
    if (which == 1) std::fill(each->begin() + 2, each->end(), u8{0});  // nothing can be changed
    data.insert(data.end(), each->begin(), each->end());
    any = true;
  }
  if (!any) return fail(kInvalidField);
  set_length(data, 2);
  reply(std::move(data), field(7, 2));
}

void AtapiDrive::mechanism_status() {
  std::vector<u8> data(8);
  data[1] = disc_.loaded ? 0 : 0x10;  // the door is open
  reply(std::move(data), field(8, 2));
}

}  // namespace hvlab::devices
