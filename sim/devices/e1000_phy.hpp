// The 82540EM's internal copper PHY (8254x manual, 13.4.9.1 and table 13-14): IEEE 802.3 clause 22 registers
// and the vendor's.
#pragma once

#include <array>

#include "sim/base/types.hpp"

namespace hvlab::devices {

/// Copyable. Auto-negotiation always succeeds, with whatever the link's other end does.
class E1000Phy {
 public:
  static constexpr unsigned kAddress = 1;

  E1000Phy() { reset(); }
  void reset();

  /// `up`: the cable carries a signal; `bits_per_second` of the link. Both as of now.
  u16 read(unsigned index, bool up, u64 bits_per_second);

  /// Writes a register; true if it makes the PHY negotiate anew (reset or restart).
  bool write(unsigned index, u16 value);

 private:
  std::array<u16, 32> registers_{};
};

}  // namespace hvlab::devices
