// Bits of registers by name (SDM vol. 1, 3.4.3; vol. 3, 2.5, 2.2.1, 18.2).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::inspect {

struct FlagName {
  u64 mask;
  const char* name;
};

std::span<const FlagName> rflags_names();
std::span<const FlagName> cr0_names();
std::span<const FlagName> cr4_names();
std::span<const FlagName> efer_names();
std::span<const FlagName> dr6_names();
std::span<const FlagName> dr7_names();

/// The names of the bits set in `value`, lowest first. Fields of several bits are "NAME=value".
std::vector<std::string> names_of(std::span<const FlagName> names, u64 value);
/// The same in one line.
std::string text_of(std::span<const FlagName> names, u64 value);

}  // namespace hvlab::inspect
