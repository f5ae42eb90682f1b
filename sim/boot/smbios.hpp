// SMBIOS tables (DMTF DSP0134, version 3.0): what firmware tells about maker, processors and memory modules.
#pragma once

#include <vector>

#include "sim/boot/load_target.hpp"

namespace hvlab::boot {

struct SmbiosMachine {
  unsigned processors = 1;  // 1..8: cores of one socket
  u64 ram_bytes = 0;        // as for memory_map()
};

/// The structure table: types 0, 1, 3, 4, 16, 17, 19, 32 and 127.
std::vector<u8> make_smbios_structures(const SmbiosMachine& machine);

/// The 64-bit entry point (5.2.2) of `bytes` bytes of structures at physical `address`.
std::vector<u8> make_smbios_entry(size_t bytes, u64 address);

/// Writes the 64-bit entry point and the structures into the BIOS area.
void write_smbios(const SmbiosMachine& machine, LoadTarget& target);

}  // namespace hvlab::boot
