#include "hv-models/devices/e1000.hpp"

#include "hv-models/devices/pieces.hpp"
#include "hv-models/devices/shared_words.hpp"

namespace hvlab::devices {
namespace {

// Registers (13.4)
enum : u32 {
  kControl = 0x0000,
  kStatus = 0x0008,
  kEepromRead = 0x0014,
  kCauseSet = 0x00c8,
  kReceiveControl = 0x0100,
  kTransmitControl = 0x0400,
  kReceiveRing = 0x2800,
  kTransmitRing = 0x3800,
  kMulticast = 0x5200,
  kAddressLow = 0x5400,
  kAddressHigh = 0x5404
};
constexpr u32 kReset = 1u << 26;
constexpr u32 kFullDuplex = 1, kLinkUp = 2, kSpeed1000 = 2u << 6;
constexpr u32 kReceiveOn = 1u << 1, kUnicastAll = 1u << 3, kMulticastAll = 1u << 4, kBroadcastToo = 1u << 15,
              kSizeExtension = 1u << 25, kStripChecksum = 1u << 26;
constexpr u32 kTransmitOn = 1u << 1;
constexpr u32 kCauseSent = 1, kCauseQueueEmpty = 2, kCauseOverrun = 1u << 6, kCauseTimer = 1u << 7;
constexpr u32 kAddressValid = u32{1} << 31;
constexpr u8 kEndOfPacket = 1, kReportStatus = 8, kDone = 1;
constexpr u32 kChecksumBytes = 4, kShortest = 60, kLongest = 16384;

// The frame check sequence of IEEE 802.3 (3.2.9) goes on over so many more bytes.
u32 add_to_checksum(u32 sum, const u8* from, u32 bytes) {
  for (u32 i = 0; i < bytes; ++i) {
    sum ^= from[i];
    for (unsigned bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xedb8'8320 : 0);
  }
  return sum;
}

}  // namespace

E1000::E1000(const GuestMemory& memory, const Line& line, const NetworkBackend& wire)
    : memory_(memory), line_(line), wire_(wire), pci_(0x8086, 0x100e, 0x02000003) {
  pci_.add_memory(kBar, kBytes, 0xe010'0000);
  pci_.set_interrupt(static_cast<u8>(line.pin));
  pci_.set_subsystem(0x8086, 0x001e);
  reset();
}

void E1000::reset() {
  control_ = receive_control_ = transmit_control_ = eeprom_ = 0;
  put(registers_->cause, 0);
  put(registers_->mask, 0);
  put(registers_->receive_tail, 0);
  transmit_ = receive_ = {};
  count_ = 0;
  lost_ = false;
  address_low_ = wire_.mac[0] | u32{wire_.mac[1]} << 8 | u32{wire_.mac[2]} << 16 | u32{wire_.mac[3]} << 24;
  address_high_ = wire_.mac[4] | u32{wire_.mac[5]} << 8 | kAddressValid;
  update_line();
}

void E1000::update_line() { line_.set((load(registers_->cause) & load(registers_->mask)) != 0); }

void E1000::raise(u32 causes) {
  set_bits(registers_->cause, causes);
  update_line();
}

// Words 0 to 2 are the address; all words from 0 to 3Fh add up to BABAh (5.6).
u32 E1000::read_eeprom() const {
  constexpr u32 kReadDone = 1u << 4;
  const u32 word = eeprom_ >> 8 & 0xff;
  const auto at = [&](u32 i) { return static_cast<u32>(wire_.mac[2 * i] | wire_.mac[2 * i + 1] << 8); };
  u32 value = 0;
  if (word < 3) value = at(word);
  if (word == 0x3f) value = (0xbaba - at(0) - at(1) - at(2)) & 0xffff;
  return value << 16 | word << 8 | kReadDone;
}

// Base low and high, length, head and tail of a ring, at steps of 4 and 8.
u32* E1000::ring_register(u32 offset) {
  Ring* ring = nullptr;
  if (offset >= kReceiveRing && offset < kReceiveRing + 0x20) ring = &receive_;
  if (offset >= kTransmitRing && offset < kTransmitRing + 0x20) ring = &transmit_;
  if (ring == nullptr) return nullptr;
  switch (offset & 0x1f) {
    case 0x00: return &ring->base_low;
    case 0x04: return &ring->base_high;
    case 0x08: return &ring->length;
    case 0x10: return &ring->head;
    case 0x18: return ring == &receive_ ? &registers_->receive_tail : &ring->tail;
    default: return nullptr;
  }
}

u32 E1000::read(u32 offset) {
  if (const u32* reg = ring_register(offset); reg != nullptr) return *reg;
  if (offset >= kMulticast && offset < kMulticast + sizeof multicast_)
    return multicast_[(offset - kMulticast) / 4];
  switch (offset) {
    case kControl: return control_;
    case kStatus: return kFullDuplex | kLinkUp | kSpeed1000;
    case kEepromRead: return read_eeprom();
    case kCauseRead: {
      const u32 causes = take(registers_->cause);
      update_line();
      return causes;
    }
    case kMaskSet: return load(registers_->mask);
    case kReceiveControl: return receive_control_;
    case kTransmitControl: return transmit_control_;
    case kAddressLow: return address_low_;
    case kAddressHigh: return address_high_;
    default: return 0;
  }
}

void E1000::write(u32 offset, u32 value) {
  if (u32* reg = ring_register(offset); reg != nullptr) {
    const bool is_length = (offset & 0x1f) == 0x08;
    *reg = is_length ? value & 0xf'ff80 : value;
    if (offset == kSendDoorbell) transmit();
    return;
  }
  if (offset >= kMulticast && offset < kMulticast + sizeof multicast_) {
    multicast_[(offset - kMulticast) / 4] = value;
    return;
  }
  switch (offset) {
    case kControl:
      if ((value & kReset) != 0) return reset();
      control_ = value;
      break;
    case kEepromRead: eeprom_ = value; break;
    case kCauseRead: clear_bits(registers_->cause, value); break;
    case kCauseSet: set_bits(registers_->cause, value); break;
    case kMaskSet: set_bits(registers_->mask, value); break;
    case kMaskClear: clear_bits(registers_->mask, value); break;
    case kReceiveControl: receive_control_ = value; break;
    case kTransmitControl:
      transmit_control_ = value;
      transmit();
      break;
    case kAddressLow: address_low_ = value; break;
    case kAddressHigh: address_high_ = value; break;
    default: return;
  }
  update_line();
}

void E1000::transmit() {
  if ((transmit_control_ & kTransmitOn) == 0 || !pci_.is_master()) return;
  const u32 entries = transmit_.entries();
  if (entries == 0 || transmit_.head >= entries) return;
  bool any = false;
  // No more than the ring has, whatever the tail says.
  for (u32 i = 0; i < entries && transmit_.head != transmit_.tail % entries; ++i) {
    any = true;
    if (!transmit_one()) break;
    transmit_.head = (transmit_.head + 1) % entries;
  }
  if (any) raise(kCauseSent | kCauseQueueEmpty);
}

// A legacy descriptor (3.3.3): a part of a frame, perhaps its last.
bool E1000::transmit_one() {
  u8* descriptor = transmit_.at(memory_, transmit_.head);
  if (descriptor == nullptr) return false;
  u64 address = 0;
  u16 bytes = 0;
  __builtin_memcpy(&address, descriptor, sizeof address);
  __builtin_memcpy(&bytes, descriptor + 8, sizeof bytes);
  const u8 command = descriptor[11];
  PieceList frame{pieces_, kMostPieces, count_};
  lost_ = !frame.add(memory_, address, bytes) || lost_;
  count_ = frame.count;
  if ((command & kEndOfPacket) != 0) {
    if (count_ > 0 && !lost_) wire_.send(wire_.context, pieces_, count_);
    count_ = 0;
    lost_ = false;
  }
  if ((command & kReportStatus) != 0) descriptor[12] |= kDone;
  return true;
}

bool E1000::accepts(const u8* frame) const {
  const bool broadcast = (frame[0] & frame[1] & frame[2] & frame[3] & frame[4] & frame[5]) == 0xff;
  if (broadcast) return (receive_control_ & kBroadcastToo) != 0;
  if ((frame[0] & 1) != 0) {
    // 13.4.3: 12 bits of the address, from bit 47 down, choose a bit of the table.
    const u32 hash = (frame[4] >> 4 | u32{frame[5]} << 4) & 0xfff;
    return (receive_control_ & kMulticastAll) != 0 || (multicast_[hash / 32] >> hash % 32 & 1) != 0;
  }
  if ((receive_control_ & kUnicastAll) != 0) return true;
  u8 own[6];
  __builtin_memcpy(own, &address_low_, 4);
  __builtin_memcpy(own + 4, &address_high_, 2);
  return __builtin_memcmp(own, frame, 6) == 0;
}

// RCTL.BSIZE and BSEX (13.4.22).
u64 E1000::receive_bytes() const {
  const u32 size = receive_control_ >> 16 & 3;
  if ((receive_control_ & kSizeExtension) != 0) return size == 0 ? 2048 : u64{16384} >> (size - 1);
  return u64{2048} >> size;
}

bool E1000::has_room() const {
  const u32 entries = receive_.entries();
  const bool off = (receive_control_ & kReceiveOn) == 0 || entries == 0 || receive_.head >= entries;
  return off || receive_.head != receive_tail() % entries;
}

// A frame with what is behind it, into the driver's buffer. Returns the length that it gets to see; 0 if it
// is lost.
u16 E1000::store(u64 address, const u8* frame, u32 bytes) {
  constexpr u8 kPadding[kShortest] = {};
  const u32 padding = bytes < kShortest ? kShortest - bytes : 0;
  const u32 checksum = (receive_control_ & kStripChecksum) != 0 ? 0 : kChecksumBytes;
  const u32 length = bytes + padding + checksum;
  Piece pieces[8];
  PieceList buffer{pieces, 8};
  if (bytes > kLongest || length > receive_bytes() || !buffer.add(memory_, address, length)) return 0;
  PieceFront to{pieces, buffer.count};
  to.write(frame, bytes);
  to.write(kPadding, padding);
  if (checksum != 0) {
    const u32 sum = ~add_to_checksum(add_to_checksum(~u32{0}, frame, bytes), kPadding, padding);
    to.write(&sum, sizeof sum);
  }
  return static_cast<u16>(length);
}

bool E1000::receive(const u8* frame, u32 bytes) {
  if ((receive_control_ & kReceiveOn) == 0 || !pci_.is_master() || bytes < 14 || !accepts(frame))
    return false;
  const u32 entries = receive_.entries();
  if (entries == 0 || receive_.head >= entries || receive_.head == receive_tail() % entries) {
    raise(kCauseOverrun);
    return false;
  }
  u8* descriptor = receive_.at(memory_, receive_.head);
  if (descriptor == nullptr) return false;
  u64 address = 0;
  __builtin_memcpy(&address, descriptor, sizeof address);
  const u16 length = store(address, frame, bytes);
  if (length == 0) return false;
  __builtin_memcpy(descriptor + 8, &length, sizeof length);
  descriptor[13] = 0;
  __atomic_store_n(descriptor + 12, static_cast<u8>(kDone | kEndOfPacket << 1), __ATOMIC_RELEASE);
  receive_.head = (receive_.head + 1) % entries;
  raise(kCauseTimer);
  return true;
}

}  // namespace hvlab::devices
