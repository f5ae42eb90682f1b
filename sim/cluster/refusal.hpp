// Why something cannot be done: a value, since in a cluster most things are tried.
#pragma once

#include <string_view>

#include "sim/base/types.hpp"

namespace hvlab::cluster {

enum class Refusal : u8 {
  None,
  HostNotOn,
  Maintenance,
  NoMemory,
  NoProcessorTime,  // reservations would not fit
  NoPlannedTime,    // what it is planned with would not
  RuleApart,
  RuleTogether,
  RuleHosts,
  NotAlone,         // a system on the bare machine
  NoDatastore,      // the host does not reach its disk
  NoSharedStorage,  // a move needs the disk on both hosts, or to copy it
  NoNetwork,        // between the hosts
  WayCannotMove,    // the way of virtualizing moves no running instance
  NotRunning,
  AlreadyOn,
  AlreadyThere,
  MovesAlready,
  NoManager,
  Spare,       // admission control keeps what is left for failures
  NoHost,      // none takes it
  NoProgress,  // pre-copy did not converge
  HostFailed,
  Cancelled,
  DatastoreFull,
  RawDisk,  // in physical compatibility: no snapshots, no copies while it runs
  PooledDisk,
  Count
};

/// For people: "the host does not reach its disk".
std::string_view text(Refusal refusal);

}  // namespace hvlab::cluster
