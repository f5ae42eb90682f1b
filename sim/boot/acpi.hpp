// ACPI tables (ACPI 6.4, chapter 5): how an operating system finds processors, timers, interrupts and
// power-off.
#pragma once

#include <vector>

#include "sim/boot/load_target.hpp"

namespace hvlab::boot {

struct AcpiMachine {
  unsigned processors = 1;  // 1..8; APIC ids 0, 1, ...
  u64 ram_bytes = 0;        // as for memory_map()
};

/// Writes RSDP (in the BIOS area), RSDT, XSDT, FADT, FACS, DSDT, MADT and HPET (in the map's table area).
/// Returns the RSDP's physical address.
u32 write_acpi_tables(const AcpiMachine& machine, LoadTarget& target);

/// The same tables as files that firmware puts into memory, with the commands for it (table_loader.hpp).
struct AcpiFiles {
  static constexpr const char *kTables = "etc/acpi/tables", *kRsdp = "etc/acpi/rsdp";
  std::vector<u8> tables, rsdp, loader;
};
AcpiFiles make_acpi_files(unsigned processors);

/// Single tables, complete with checksum.
std::vector<u8> make_madt(unsigned processors);
std::vector<u8> make_fadt(u32 facs, u32 dsdt);
std::vector<u8> make_hpet();
std::vector<u8> make_dsdt(unsigned processors);

}  // namespace hvlab::boot
