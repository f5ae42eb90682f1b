// High precision event timer (IA-PC HPET specification 1.0a): registers by offset and their bits.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::devices::hpet {

enum Register : u32 {
  kCapabilities = 0x000,
  kConfiguration = 0x010,
  kInterruptStatus = 0x020,
  kMainCounter = 0x0F0,
  kTimers = 0x100,  // 20h bytes each
};

// Within a timer's 20h bytes
enum TimerRegister : u32 { kTimerConfiguration = 0x00, kComparator = 0x08, kFsbRoute = 0x10 };
inline constexpr u32 kTimerStride = 0x20;

// Capabilities: revision 1, three timers, 64-bit counter, legacy replacement, vendor 8086h, period in
// femtoseconds.
inline constexpr unsigned kTimerCount = 3;
inline constexpr u64 kPeriodFs = 69'841'279;  // 14.318180 MHz
inline constexpr u64 kCapabilitiesValue =
    0x01 | (kTimerCount - 1) << 8 | bit(13) | bit(15) | u64{0x8086} << 16 | kPeriodFs << 32;

// General configuration
inline constexpr u64 kEnable = bit(0);
inline constexpr u64 kLegacyReplacement = bit(1);

// Timer configuration
inline constexpr u64 kLevelTriggered = bit(1);
inline constexpr u64 kInterruptEnable = bit(2);
inline constexpr u64 kPeriodic = bit(3);
inline constexpr u64 kPeriodicCapable = bit(4);
inline constexpr u64 k64BitCapable = bit(5);
inline constexpr u64 kSetValue = bit(6);
inline constexpr u64 k32BitMode = bit(8);
inline constexpr u64 kRouteMask = 0x3E00;
inline constexpr unsigned kRouteShift = 9;
inline constexpr u64 kFsbEnable = bit(14);
inline constexpr u64 kFsbCapable = bit(15);
// Routes that are wired: IOAPIC pins 20 to 23.
inline constexpr unsigned kFirstPin = 20;
inline constexpr unsigned kPinCount = 4;
inline constexpr u64 kRouteCapability = u64{0x00F0'0000} << 32;
inline constexpr u64 kTimerCapabilities = kPeriodicCapable | k64BitCapable | kFsbCapable | kRouteCapability;
inline constexpr u64 kTimerWritable =
    kLevelTriggered | kInterruptEnable | kPeriodic | kSetValue | k32BitMode | kRouteMask | kFsbEnable;

}  // namespace hvlab::devices::hpet
