// The 82540EM's EEPROM: 64 words behind a Microwire interface (93C46; 8254x manual, 5.3 to 5.6).
#pragma once

#include <array>

#include "sim/base/types.hpp"

namespace hvlab::devices {

/// Copyable. The content cannot be changed: write and erase commands are those of a protected part.
class E1000Eeprom {
 public:
  static constexpr unsigned kWords = 64;

  /// Content for Ethernet address `mac`, the words 00h..3Fh adding up to BABAh.
  explicit E1000Eeprom(const std::array<u8, 6>& mac);

  u16 word(unsigned address) const { return words_[address % kWords]; }

  /// Drives select, clock and data in; returns data out.
  bool drive(bool select, bool clock, bool data);
  bool output() const { return out_; }

 private:
  std::array<u16, kWords> words_{};
  bool clock_ = false;
  bool out_ = true;
  u16 command_ = 0;  // start bit, two of opcode, six of address as they came in
  bool reading_ = false;
  u16 shift_ = 0;  // what still comes out, highest bit first
  unsigned left_ = 0;
  unsigned address_ = 0;
};

}  // namespace hvlab::devices
