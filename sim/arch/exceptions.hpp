// Exception vectors and error-code layouts (SDM vol. 3, 6.3.1, 6.13, 4.7).
#pragma once

#include "sim/base/bits.hpp"

namespace hvlab::arch {

enum class Exception : u8 {
  DivideError = 0,
  Debug = 1,
  Nmi = 2,
  Breakpoint = 3,
  Overflow = 4,
  BoundRange = 5,
  InvalidOpcode = 6,
  DeviceNotAvailable = 7,
  DoubleFault = 8,
  InvalidTss = 10,
  SegmentNotPresent = 11,
  StackFault = 12,
  GeneralProtection = 13,
  PageFault = 14,
  FloatingPoint = 16,
  AlignmentCheck = 17,
  MachineCheck = 18,
  SimdFloatingPoint = 19,
  Virtualization = 20,
};

/// True for the exceptions that push an error code (SDM vol. 3, table 6-1).
constexpr bool pushes_error_code(Exception e) {
  constexpr u32 with = bit(8) | bit(10) | bit(11) | bit(12) | bit(13) | bit(14) | bit(17);
  return test_bit(with, static_cast<unsigned>(e));
}

/// Page-fault error code bits.
namespace pf {
inline constexpr u32 kPresent = 1, kWrite = 2, kUser = 4, kReserved = 8, kFetch = 16;
}  // namespace pf

/// Selector error code bits below the index.
namespace selector_error {
inline constexpr u32 kExternal = 1, kIdt = 2, kLdt = 4;
}  // namespace selector_error

}  // namespace hvlab::arch
