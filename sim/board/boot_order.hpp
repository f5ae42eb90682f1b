// What firmware boots from: the file "bootorder" of the firmware configuration interface.
#pragma once

#include <string>

#include "sim/board/machine_config.hpp"

namespace hvlab::board {

/// The IDE drive (channel * 2 + drive) of each disk of `config`, in their order; kNotIde for a virtio disk.
/// The CD drive's place is left out.
inline constexpr unsigned kNotIde = ~0u;
std::vector<unsigned> ide_places(const MachineConfig& config);

/// Device paths in the manner of Open Firmware, a line each: the CD first, then disks in their order, or the
/// other way round, as config.firmware says.
std::string boot_order(const MachineConfig& config);

}  // namespace hvlab::board
