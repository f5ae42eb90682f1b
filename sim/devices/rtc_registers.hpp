// MC146818A real-time clock: its registers and their bits, and the CMOS RAM locations that a PC's firmware
// fills.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices::rtc {

enum Register : u8 {
  kSeconds = 0x00,
  kSecondsAlarm = 0x01,
  kMinutes = 0x02,
  kMinutesAlarm = 0x03,
  kHours = 0x04,
  kHoursAlarm = 0x05,
  kDayOfWeek = 0x06,  // 1 = Sunday
  kDayOfMonth = 0x07,
  kMonth = 0x08,
  kYear = 0x09,
  kRegisterA = 0x0A,
  kRegisterB = 0x0B,
  kRegisterC = 0x0C,
  kRegisterD = 0x0D,
  kShutdownStatus = 0x0F,
  kEquipment = 0x14,
  kBaseMemory = 0x15,       // KiB below 1 MiB, 16 bits
  kExtendedMemory = 0x17,   // KiB above 1 MiB, 16 bits, saturating
  kChecksum = 0x2E,         // of 10h..2Dh, high byte first
  kExtendedMemory2 = 0x30,  // as 17h
  kCentury = 0x32,          // BCD; named by the FADT
  kMemoryAbove16M = 0x34,   // 64 KiB units, 16 bits
  kMemoryAbove4G = 0x5B,    // 64 KiB units, 24 bits
  kMoreProcessors = 0x5F,   // processors beside the first: a convention of virtual machines
};

// Register A
inline constexpr u8 kUpdateInProgress = 0x80;
inline constexpr u8 kDividerMask = 0x70;
inline constexpr u8 kDividerRuns = 0x20;  // 010: 32.768 kHz; 11x holds the divider in reset
inline constexpr u8 kRateMask = 0x0F;

// Register B
inline constexpr u8 kSet = 0x80;
inline constexpr u8 kPeriodicEnable = 0x40;
inline constexpr u8 kAlarmEnable = 0x20;
inline constexpr u8 kUpdateEnable = 0x10;
inline constexpr u8 kBinary = 0x04;
inline constexpr u8 k24Hours = 0x02;

// Register C: the flags are in the places of their enables.
inline constexpr u8 kInterruptRequest = 0x80;

// Register D
inline constexpr u8 kValidRamAndTime = 0x80;

inline constexpr u8 kAlarmDontCare = 0xC0;  // bits 7 and 6 set: any value matches
inline constexpr u8 kPm = 0x80;             // hours, 12-hour mode

}  // namespace hvlab::devices::rtc
