#include "sim/devices/e1000_phy.hpp"

namespace hvlab::devices {
namespace {

constexpr unsigned kControl = 0, kStatus = 1, kId1 = 2, kId2 = 3, kAdvertise = 4, kPartner = 5,
                   kExpansion = 6, kGigabitControl = 9, kGigabitStatus = 10, kExtendedStatus = 15,
                   kSpecificControl = 16, kSpecificStatus = 17, kInterruptEnable = 18, kExtendedControl = 20;
constexpr u16 kControlReset = 0x8000, kControlRestart = 0x0200;
constexpr u16 kStatusLink = 0x0004, kStatusNegotiated = 0x0020;

}  // namespace

void E1000Phy::reset() {
  registers_ = {};
  registers_[kControl] = 0x1140;  // auto-negotiation, full duplex, 1000 Mb/s
  registers_[kStatus] = 0x7949;   // 10/100 half and full duplex, extended status and capability
  registers_[kId1] = 0x0141;
  registers_[kId2] = 0x0c20;
  registers_[kAdvertise] = 0x0de1;
  registers_[kGigabitControl] = 0x0e00;
  registers_[kExtendedStatus] = 0x3000;  // 1000BASE-T full and half duplex
  registers_[kSpecificControl] = 0x0068;
  registers_[kExtendedControl] = 0x0d60;
}

u16 E1000Phy::read(unsigned index, bool up, u64 bits_per_second) {
  const bool gigabit = bits_per_second >= 1'000'000'000;
  const u16 stored = registers_[index & 31];
  switch (index) {
    case kStatus: return up ? stored | kStatusLink | kStatusNegotiated : stored;
    case kPartner: return !up ? 0 : 0x4de1;  // what 10 and 100 Mb/s partners can, acknowledged
    case kExpansion: return up ? 0x000f : 0x0004;
    case kGigabitStatus: return up && gigabit ? 0x3c00 : 0;
    case kSpecificStatus: {
      if (!up) return 0;
      const u16 speed = gigabit ? 2 : bits_per_second >= 100'000'000 ? 1 : 0;
      return static_cast<u16>(speed << 14 | 0x2c00);  // full duplex, resolved, link
    }
    default: return stored;
  }
}

bool E1000Phy::write(unsigned index, u16 value) {
  switch (index) {
    case kControl:
      if ((value & kControlReset) != 0) {
        reset();
        return true;
      }
      registers_[kControl] = static_cast<u16>(value & ~(kControlRestart));
      return (value & kControlRestart) != 0;
    case kAdvertise:
    case kGigabitControl:
    case kSpecificControl:
    case kInterruptEnable:
    case kExtendedControl: registers_[index] = value; break;
    default:
      if (index > kExtendedControl && index < 32)
        registers_[index] = value;  // vendor's pages and test registers
      break;
  }
  return false;
}

}  // namespace hvlab::devices
