// The part of firmware that a guest sees: ACPI tables, and the few registers that they name.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor::acpi {

// As on the machine itself (PIIX4's function 3 at 600h).
inline constexpr u16 kEventPort = 0x600, kControlPort = 0x604, kTimerPort = 0x608;
inline constexpr u8 kSoftOff = 5;  // SLP_TYP of \_S5

inline constexpr u64 kTables = 0xf'0000;
inline constexpr size_t kTableBytes = 0x1000;

/// Fills `page` (kTableBytes, zeros), which the guest finds at kTables, where the RSDP is.
/// `apic_ids`: of its processors; null: 0 and up.
void write_tables(u8* page, unsigned processors, const u8* apic_ids = nullptr);

}  // namespace hvlab::hypervisor::acpi
