// The fixed addresses of the board that boot tables must name. The board places its devices at the same ones.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::boot {

inline constexpr u16 kPmBase = 0x600;  // PIIX4 power management: PM1a +0, control +4, timer +8, GPE0 +Ch
inline constexpr u8 kSciIrq = 9;
inline constexpr u16 kSmiCommand = 0xB2;  // PIIX4 APM control: these values switch ACPI mode on and off
inline constexpr u8 kAcpiEnable = 0xF1, kAcpiDisable = 0xF0;
inline constexpr u16 kResetControl = 0xCF9;  // PIIX3 reset control register
inline constexpr u8 kResetValue = 0x06;      // RCPU and SRST: hard reset
inline constexpr u32 kIoApic = 0xFEC0'0000, kLocalApic = 0xFEE0'0000, kHpet = 0xFED0'0000;
inline constexpr u32 kHpetId =
    0x8086'A201;  // low half of the HPET's capabilities: 3 timers, 64 bits, legacy routes
inline constexpr u8 kCmosCentury = 0x32;  // RTC register with the century
inline constexpr unsigned kMostProcessors = 8;

}  // namespace hvlab::boot
