// 82371AB (PIIX4) power-management registers in port space, from PMBA on: the data sheet's map with what
// software can write and what it clears by writing ones.
#pragma once

#include <array>

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::devices::acpi {

enum Register : u8 {
  kPm1Status = 0x00,
  kPm1Enable = 0x02,
  kPm1Control = 0x04,
  kPmTimer = 0x08,
  kGpeStatus = 0x0C,  // GPE0 block: status and enable, 2 bytes each
  kGpeEnable = 0x0E,
  kProcessorControl = 0x10,
  kLevel2 = 0x14,
  kLevel3 = 0x15,
  kGlobalStatus = 0x18,
  kDeviceStatus = 0x1C,
  kGlobalEnable = 0x20,
  kGlobalControl = 0x28,
  kDeviceControl = 0x2C,
  kInputs = 0x30,
  kOutputs = 0x34,
};
inline constexpr u32 kBankSize = 64;

// PM1 status and enable
inline constexpr u16 kTimer = 0x0001;
inline constexpr u16 kBusMaster = 0x0010;
inline constexpr u16 kGlobal = 0x0020;
inline constexpr u16 kPowerButton = 0x0100;
inline constexpr u16 kRtc = 0x0400;
inline constexpr u16 kPowerButtonOverride = 0x0800;
inline constexpr u16 kResume = 0x8000;

// PM1 control
inline constexpr u16 kSciEnable = 0x0001;
inline constexpr unsigned kSleepTypeShift = 10;  // 3 bits
inline constexpr u16 kSleepEnable = 0x2000;
inline constexpr u8 kSoftOff = 0;  // PIIX4's SUS_TYP for S5: what \_S5 says

// Port B2h: what firmware's SMI handler would do with these commands, as the FADT names them.
inline constexpr u8 kAcpiEnableCommand = 0xF1;
inline constexpr u8 kAcpiDisableCommand = 0xF0;

// Port CF9h
inline constexpr u8 kSystemReset = 0x02;     // hard rather than soft
inline constexpr u8 kResetProcessor = 0x04;  // a rise resets

inline constexpr u64 kTimerHertz = 3'579'545;

/// One register: where it is, its width, the bits that keep what is written and those cleared by writing 1.
struct Layout {
  u8 offset;
  u8 bytes;
  u32 writable;
  u32 write_one_clears;
};
inline constexpr std::array<Layout, 12> kLayout = {{
    {kPm1Status, 2, 0, kTimer | kBusMaster | kGlobal | kPowerButton | kRtc | kPowerButtonOverride | kResume},
    {kPm1Enable, 2, kTimer | kGlobal | kPowerButton | kRtc, 0},
    {kPm1Control, 2, kSciEnable | 0x0002 | 7u << kSleepTypeShift, 0},
    {kGpeStatus, 2, 0, 0x0F81},
    {kGpeEnable, 2, 0x0F01, 0},
    {kProcessorControl, 4, 0x0002'3E1E, 0},
    {kGlobalStatus, 2, 0, 0x0CFE},
    {kDeviceStatus, 4, 0, 0x3FFF'0FFF},
    {kGlobalEnable, 2, 0xFFFF, 0},
    {kGlobalControl, 4, 0x0701'FFFF, 0},
    {kDeviceControl, 4, 0xFFFF'FFFF, 0},
    {kOutputs, 4, 0x7FFF'FFFF, 0},
}};

/// True if no two registers share a byte and all lie in the bank.
constexpr bool layout_is_sound() {
  u64 used = 0;
  for (const Layout& r : kLayout) {
    const u64 mask = low_mask(r.bytes) << r.offset;
    if (r.offset + r.bytes > kBankSize || (used & mask) != 0) return false;
    used |= mask;
  }
  return true;
}
static_assert(layout_is_sound());

}  // namespace hvlab::devices::acpi
