// The ways of running the workload that `hvlab demo` compares: one row each.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace hvlab::lab {

struct Way {
  const char* name;     // also its recipe: workloads/recipes/NAME.sh
  const char* summary;  // one line
  const char* systems;  // what workloads/fetch has to fetch for it, separated by blanks
  const char* memory;   // of the simulated machine
  bool standard;         // run when the command line does not say which ways
  const char* append;   // added to the kernel's command line
};

/// All ways; the first is what the others are compared with.
std::span<const Way> demo_ways();

/// What every run's kernel is told: no graphics, nothing that costs start-up time and is not compared here.
inline constexpr const char* kDemoCommandLine =
    "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests mitigations=off apparmor=0 audit=0 8250.nr_uarts=1 "
    "no_timer_check";

/// The kernel's command line for `way`.
std::string demo_command_line(const Way& way, bool quick);

}  // namespace hvlab::lab
