// Local APIC: registers by offset, their fields, and messages (SDM vol. 3, chapter 11).
#pragma once

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::arch::apic {

// Offsets in the xAPIC page; the x2APIC MSR is kX2apicFirst + offset / 16 (SDM 11.4.1, 11.12.1.2).
inline constexpr u32 kId = 0x020, kVersion = 0x030, kTaskPriority = 0x080, kArbitrationPriority = 0x090,
                     kProcessorPriority = 0x0A0, kEndOfInterrupt = 0x0B0, kRemoteRead = 0x0C0,
                     kLogicalDestination = 0x0D0, kDestinationFormat = 0x0E0, kSpurious = 0x0F0,
                     kInService = 0x100, kTriggerMode = 0x180, kInterruptRequest = 0x200,
                     kErrorStatus = 0x280, kCommandLow = 0x300, kCommandHigh = 0x310, kLvtTimer = 0x320,
                     kLvtThermal = 0x330, kLvtPerformance = 0x340, kLvtLint0 = 0x350, kLvtLint1 = 0x360,
                     kLvtError = 0x370, kInitialCount = 0x380, kCurrentCount = 0x390,
                     kDivideConfiguration = 0x3E0, kSelfIpi = 0x3F0;

// IA32_APIC_BASE (11.4.4)
inline constexpr u64 kBaseBootstrap = bit(8), kBaseX2apic = bit(10), kBaseEnable = bit(11);
inline constexpr u64 kDefaultBase = 0xFEE0'0000;

// Version (11.4.8)
inline constexpr u32 kVersionEoiSuppression = 1u << 24;

// Spurious-interrupt vector register (11.9)
inline constexpr u32 kSpuriousEnable = 1u << 8, kSpuriousSuppressEoi = 1u << 12;

// Local vector table (11.5.1)
inline constexpr u32 kLvtVector = 0xFF, kLvtDeliveryStatus = 1u << 12, kLvtActiveLow = 1u << 13,
                     kLvtRemoteIrr = 1u << 14, kLvtLevel = 1u << 15, kLvtMasked = 1u << 16;
inline constexpr unsigned kLvtModeShift = 8;
inline constexpr u32 kLvtTimerMode = 3u << 17, kLvtTimerOneShot = 0, kLvtTimerPeriodic = 1u << 17,
                     kLvtTimerDeadline = 2u << 17;

// Error status (11.5.3)
inline constexpr u32 kErrorSendVector = 1u << 5, kErrorReceiveVector = 1u << 6, kErrorRegister = 1u << 7;

// Delivery modes, of messages as of LVT entries
enum class DeliveryMode : u8 {
  Fixed = 0,
  LowestPriority = 1,
  Smi = 2,
  Nmi = 4,
  Init = 5,
  StartUp = 6,
  ExtInt = 7,
};

// Interrupt command register (11.6.1)
inline constexpr u32 kCommandLogical = 1u << 11, kCommandAssert = 1u << 14, kCommandLevel = 1u << 15;
inline constexpr unsigned kCommandShorthandShift = 18;
enum class Shorthand : u8 { None = 0, Self = 1, AllIncludingSelf = 2, AllExcludingSelf = 3 };

// Message-signalled interrupts (11.11)
inline constexpr u64 kMessageBase = 0xFEE0'0000, kMessageMask = 0xFFF0'0000;
inline constexpr u64 kMessageRedirect = bit(3), kMessageLogical = bit(2);

}  // namespace hvlab::arch::apic
