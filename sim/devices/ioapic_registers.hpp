// 82093AA I/O APIC (Intel 290566), version 20h as in later chip sets: registers and the redirection table
// entry.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::devices::ioapic {

inline constexpr unsigned kPinCount = 24;

// The memory window
enum Window : u32 { kSelect = 0x00, kData = 0x10, kEoi = 0x40 };

// Behind it
enum Register : u8 { kId = 0x00, kVersion = 0x01, kArbitration = 0x02, kRedirection = 0x10 };

inline constexpr u32 kVersionValue = 0x20 | (kPinCount - 1) << 16;

// Redirection table entry
inline constexpr u64 kVectorMask = 0xFF;
inline constexpr unsigned kDeliveryModeShift = 8;
inline constexpr u64 kLogical = bit(11);
inline constexpr u64 kActiveLow = bit(13);
inline constexpr u64 kRemoteIrr = bit(14);
inline constexpr u64 kLevel = bit(15);
inline constexpr u64 kMasked = bit(16);
inline constexpr unsigned kDestinationShift = 56;
inline constexpr u64 kWritable =
    u64{0xFF} << kDestinationShift | 0x1'AFFF;  // not delivery status, not remote IRR

enum DeliveryMode : u8 {
  kFixed = 0,
  kLowestPriority = 1,
  kSmi = 2,
  kNmi = 4,
  kInit = 5,
  kExtInt = 7,
};

}  // namespace hvlab::devices::ioapic
