// The physical address space as firmware describes it to an operating system (ACPI 6.4, 15: "E820").
#pragma once

#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot {

/// Types of the INT 15h E820h interface (ACPI 6.4, table 15.1).
enum class MemoryType : u32 { Ram = 1, Reserved = 2, AcpiReclaimable = 3, AcpiNvs = 4 };

struct MemoryRange {
  u64 address = 0;
  u64 bytes = 0;
  MemoryType type = MemoryType::Ram;
  u64 end() const { return address + bytes; }
};

inline constexpr u64 kLowRamLimit =
    0xC000'0000;  // RAM below 4 GiB ends here at the latest; then device windows
inline constexpr u64 kHighRamStart = 0x1'0000'0000;
inline constexpr u64 kSmallestRam = 4 << 20;
inline constexpr u64 kLargestRam = u64{16} << 30;
inline constexpr u64 kEbda = 0x9'FC00;        // extended BIOS data area, 1 KiB
inline constexpr u64 kBiosArea = 0xF'0000;    // where software looks for the RSDP
inline constexpr u64 kTableBytes = 0x1'0000;  // ACPI tables at the top of low RAM, the last page NVS
inline constexpr u64 kNvsBytes = 0x1000;

/// Bytes of `ram_bytes` that lie below 4 GiB, and above.
constexpr u64 low_ram(u64 ram_bytes) { return ram_bytes < kLowRamLimit ? ram_bytes : kLowRamLimit; }
constexpr u64 high_ram(u64 ram_bytes) { return ram_bytes - low_ram(ram_bytes); }

/// The map of a machine with `ram_bytes` of RAM, ascending, without overlaps. Throws UserError unless
/// ram_bytes is a multiple of 1 MiB from 4 MiB to 16 GiB.
std::vector<MemoryRange> memory_map(u64 ram_bytes);

/// Where the ACPI tables go in such a map: kTableBytes from here, the last kNvsBytes of them NVS.
constexpr u64 table_area(u64 ram_bytes) { return low_ram(ram_bytes) - kTableBytes; }

}  // namespace hvlab::boot
