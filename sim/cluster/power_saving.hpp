// Hosts that are not needed are emptied and switched off, and booted again before they are missed.
#pragma once

#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

struct PowerSaving {
  bool on = false;
  // Thousandths of hosts' processor time: above target on average one is booted, one below target - tolerance
  // is emptied if the others stay below the middle of both. 63 % and 18 % are VMware's.
  u32 target = 630;
  u32 tolerance = 180;
  Nanoseconds boot = 3 * kMinutes;     // assumed
  Nanoseconds after = 0;               // at each look for so long a host could be emptied before one is
  Nanoseconds could_since = kForever;  // since when one could; kForever: none could at the last look
  u32 least_hosts = 1;                 // that stay on; with high availability those that may fail are added
  std::vector<Index> emptying;
  std::vector<Index> asleep;  // switched off by this
  u32 booting = 0;
  u32 switched_off = 0;
};

/// One look, at the end of one of the balancer's: switches off what is empty by now, boots a host if those
/// that are on have too much to do, else begins to empty the least loaded one if the others have room.
void save_power(Simulation& sim);

/// The host broke, or somebody empties it for a reason of their own: it is not one of those that are emptied
/// or off to save power.
void forget_to_save_with(Simulation& sim, Index host);

/// A host that was told to boot is on.
void host_has_booted(Simulation& sim, Index host);

}  // namespace hvlab::cluster
