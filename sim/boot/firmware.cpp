#include "sim/boot/firmware.hpp"

#include <array>

#include "sim/base/bits.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/acpi.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/boot/memory_map.hpp"
#include "sim/boot/smbios.hpp"
#include "sim/boot/table_loader.hpp"

namespace hvlab::boot {

namespace {

constexpr u64 kRomUnit = 64 << 10, kLargestRom = 8 << 20;

void append(std::vector<u8>& to, u64 value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to.push_back(static_cast<u8>(value >> (8 * i)));
}

NamedFile number_file(const std::string& name, u64 value, unsigned bytes) {
  NamedFile file{name, {}};
  append(file.bytes, value, bytes);
  return file;
}

/// RAM alone: what firmware itself uses of it, it takes away.
NamedFile memory_file(u64 ram_bytes) {
  NamedFile file{"etc/e820", {}};
  const auto add = [&](u64 address, u64 bytes) {
    if (bytes == 0) return;
    append(file.bytes, address, 8);
    append(file.bytes, bytes, 8);
    append(file.bytes, static_cast<u32>(MemoryType::Ram), 4);
  };
  add(0, low_ram(ram_bytes));
  add(kHighRamStart, high_ram(ram_bytes));
  return file;
}

}  // namespace

std::vector<NamedFile> firmware_files(const FirmwareMachine& machine) {
  std::vector<NamedFile> files = {memory_file(machine.ram_bytes)};
  AcpiFiles acpi = make_acpi_files(machine.processors);
  files.push_back({acpi.kTables, std::move(acpi.tables)});
  files.push_back({acpi.kRsdp, std::move(acpi.rsdp)});
  files.push_back({"etc/table-loader", std::move(acpi.loader)});
  std::vector<u8> smbios = make_smbios_structures({machine.processors, machine.ram_bytes});
  files.push_back({"etc/smbios/smbios-anchor", make_smbios_entry(smbios.size(), 0)});
  files.push_back({"etc/smbios/smbios-tables", std::move(smbios)});
  files.push_back(number_file("etc/irq0-override", 1, 1));  // arrives at the IOAPIC's input 2
  if (machine.serial_console != 0) files.push_back(number_file("etc/sercon-port", machine.serial_console, 2));
  return files;
}

std::vector<u8> read_firmware(const std::string& path) {
  std::vector<u8> rom = read_file(path, "firmware");
  const auto fail = [&](const char* why) { return UserError("firmware '" + path + "': " + why); };
  if (rom.size() % kRomUnit != 0 || rom.size() > kLargestRom)
    throw fail("a ROM image has a multiple of 64 KiB, at most 8 MiB");
  // Where a processor starts, 16 bytes below 4 GiB: a far or near jump.
  const u8 first = rom[rom.size() - 16];
  if (first != 0xea && first != 0xe9 && first != 0xeb)
    throw fail("its last 16 bytes do not begin with a jump, so it is no PC firmware");
  return rom;
}

}  // namespace hvlab::boot
