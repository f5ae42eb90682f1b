// The EPT pointer (SDM vol. 3, table 25-9).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

namespace eptp {
inline constexpr u64 kMemoryType = 7, kAccessedDirty = bit(6), kReserved = low_mask(12) & ~low_mask(7);
inline constexpr u64 kUncacheable = 0, kWriteBack = 6;  // memory types
inline constexpr unsigned kLevelsShift = 3;             // bits 5..3: the levels of the tables, less 1

constexpr u8 levels(u64 value) { return static_cast<u8>(((value >> kLevelsShift) & 7) + 1); }
/// The EP4TA: what cached translations are tagged with (29.4.1), and the first table's address.
constexpr u64 table(u64 value) { return value & low_mask(52) & ~low_mask(12); }
}  // namespace eptp

/// The checks of the EPTP at VM entry (27.2.1.1), one by one. Bit 7 is for supervisor shadow stacks, which no
/// processor here has.
namespace eptp {
bool memory_type_supported(const cpu::Cpu& cpu, u64 value);
bool levels_supported(const cpu::Cpu& cpu, u64 value);
bool flags_supported(const cpu::Cpu& cpu, u64 value);
bool reserved_clear(const cpu::Cpu& cpu, u64 value);
}  // namespace eptp

/// All of them, which INVEPT and the EPTP-switching VM function do too.
bool eptp_valid(const cpu::Cpu& cpu, u64 value);

}  // namespace hvlab::vmx
