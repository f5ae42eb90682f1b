// The ways of running the workload on Debian's kernel: one row each.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/analysis/measurement.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::lab {

struct Way {
  const char* name;
  const char* summary;  // one line
  const char* recipe;  // workloads/recipes/RECIPE.sh, which leads to workloads/guest/RECIPE or another script
  const char* systems;    // what workloads/fetch has to fetch for it, separated by blanks
  unsigned memory;        // of the simulated machine with one instance, in MiB
  unsigned more_memory;   // and for each further instance
  unsigned instances;     // of the workload, side by side, when the scenario does not say how many
  const char* processor;  // its profile
  const char* guest;   // the recipes of what virtual machines boot, the innermost one's first, separated by
                       // blanks; empty: there are none
  bool extensions;     // they need SVM or VMX
  const char* append;  // added to the kernel's command line
  bool shadow;         // on a processor without nested paging
  bool two_stages = false;  // ... with nested paging, and of VMX unrestricted guests
  const char* xen = "";     // command line of the Xen whose dom0 the kernel is; empty: there is none
};

/// The most instances that a machine has disks for.
inline constexpr unsigned kMostInstances = 8;

/// All ways; the first is what the others are compared with.
std::span<const Way> all_ways();

/// The way called `name`. Throws UserError if there is none.
const Way& find_way(const std::string& name);

/// What every run's kernel is told besides its console: no graphics, nothing that costs start-up time and is
/// not compared here.
inline constexpr const char* kWayCommandLine =
    "quiet panic=-1 cryptomgr.notests mitigations=off apparmor=0 audit=0 "
    "8250.nr_uarts=1 "
    "no_timer_check";

/// The kernel's command line for `way`.
std::string way_command_line(const Way& way, unsigned instances, bool quick);

/// What the processor has for virtual machines.
analysis::Assistance assistance_of(const timing::Profile& profile);

/// Throws UserError if a processor ("amd-zen2,-npt") has not what the way's software needs.
void check_way(const Way& way, const std::string& processor);

}  // namespace hvlab::lab
