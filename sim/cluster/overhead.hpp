// What a way of virtualizing costs: figures of profiles/overhead/*.yaml, each with the run that it comes
// from.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/types.hpp"
#include "sim/media/figures.hpp"

namespace hvlab::cluster {

struct Overhead {
  std::string name;
  u32 processor = 0;         // thousandths of the guest's own processor time in addition
  u32 disk_request = 0;      // cycles for each request to a disk
  u32 packet = 0;            // cycles for each packet
  u32 memory = 0;            // MiB for each instance besides the guest's own
  Nanoseconds start_up = 0;  // from being started until it serves
  bool migrates = true;      // this way can move a running instance
  std::vector<media::Figure> figures;
};

/// Reads profile `name` ("bare", "container", "kvm", ..., or a .yaml file's path). Throws UserError.
Overhead load_overhead(const std::string& name);

/// A machine that costs nothing, for what-if and tests.
Overhead no_overhead();

/// "measured" (by a run of the machine tier), "sourced" or "assumed".
const char* origin_of(const media::Figure& figure);

}  // namespace hvlab::cluster
