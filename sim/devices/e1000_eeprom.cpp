#include "sim/devices/e1000_eeprom.hpp"

namespace hvlab::devices {

E1000Eeprom::E1000Eeprom(const std::array<u8, 6>& mac) {
  for (unsigned i = 0; i < 3; ++i) words_[i] = static_cast<u16>(mac[2 * i] | mac[2 * i + 1] << 8);
  words_[0x0a] = 0x4408;  // initialization control 1: signature 01b, load subsystem and device ids
  words_[0x0b] = 0x001e;  // subsystem id
  words_[0x0c] = 0x8086;
  words_[0x0d] = 0x100e;
  words_[0x0e] = 0x8086;
  words_[0x0f] = 0x3040;  // initialization control 2
  u16 sum = 0;
  for (unsigned i = 0; i < kWords - 1; ++i) sum = static_cast<u16>(sum + words_[i]);
  words_[kWords - 1] = static_cast<u16>(0xbaba - sum);
}

bool E1000Eeprom::drive(bool select, bool clock, bool data) {
  const bool rising = clock && !clock_;
  clock_ = clock;
  if (!select) {
    command_ = 0;
    reading_ = false;
    out_ = true;  // "ready"
    return out_;
  }
  if (!rising) return out_;
  if (reading_) {
    if (left_ == 0) {  // sequential read: the next word follows
      address_ = (address_ + 1) % kWords;
      shift_ = words_[address_];
      left_ = 16;
    }
    out_ = (shift_ & 0x8000) != 0;
    shift_ = static_cast<u16>(shift_ << 1);
    --left_;
    return out_;
  }
  if (command_ == 0 && !data) return out_;  // waits for the start bit
  command_ = static_cast<u16>(command_ << 1 | (data ? 1 : 0));
  if ((command_ & 0x100) == 0) return out_;
  if ((command_ >> 6 & 3) == 2) {
    reading_ = true;
    address_ = command_ & 0x3f;
    shift_ = words_[address_];
    left_ = 16;
    out_ = false;  // a dummy 0 precedes the data
  }
  command_ = 0;
  return out_;
}

}  // namespace hvlab::devices
