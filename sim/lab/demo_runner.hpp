// Boots the ways as processes of their own, several at a time, and collects what they leave.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/demo_result.hpp"
#include "sim/lab/demo_ways.hpp"

namespace hvlab::lab {

/// One boot to do.
struct DemoBoot {
  const Way* way;
  unsigned processors;
  std::string kernel;
  std::string initrd;
  bool quick;
  unsigned instances = 1;
};

/// The arguments of the `hvlab boot` that does it, with a disk image and a statistics file in `directory`.
std::vector<std::string> boot_arguments(const DemoBoot& boot, const std::string& directory);

/// Runs all boots, as many at once as the host has processors, showing on standard error how far they are.
/// Results are in the order of `boots`. A signal (Ctrl-C) stops all: the result is empty. A run that fails
/// carries its failure.
std::vector<WayRun> run_boots(const std::vector<DemoBoot>& boots);

}  // namespace hvlab::lab
