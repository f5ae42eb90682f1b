// What a machine tells firmware that starts in it: files of the firmware configuration interface
// (devices/fw_cfg.hpp), in the layouts that SeaBIOS reads (its docs/Runtime_config.md and
// src/fw/romfile_loader.h).
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot {

struct FirmwareMachine {
  unsigned processors = 1;  // 1..8
  u64 ram_bytes = 0;        // as for memory_map()
  u16 serial_console = 0;   // the port of the serial line that firmware's screen and keyboard are; 0: none
};

struct NamedFile {
  std::string name;
  std::vector<u8> bytes;
};

/// RAM (etc/e820), ACPI tables with the commands that put them into memory (etc/acpi, etc/table-loader),
/// SMBIOS tables (etc/smbios), where interrupt 0 arrives, the serial console.
std::vector<NamedFile> firmware_files(const FirmwareMachine& machine);

/// A ROM image of `path`: a multiple of 64 KiB, at most 8 MiB, whose last 16 bytes begin with a jump (the
/// reset vector). Throws UserError.
std::vector<u8> read_firmware(const std::string& path);

}  // namespace hvlab::boot
