// Where the board's functions are on the PCI bus.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::board {

/// 0 host bridge, 1 PIIX, 2 entropy, 3 console, then network cards, then virtio disks.
inline constexpr u8 kPiixSlot = 1, kEntropySlot = 2, kConsoleSlot = 3, kNicSlot = 4, kDiskSlot = 8;
inline constexpr u8 kIdeFunction = 1, kPmFunction = 3;

/// The CD drive is the master of the second IDE channel; numbers of IDE drives are channel * 2 + drive.
inline constexpr unsigned kCdromDrive = 2;

}  // namespace hvlab::board
