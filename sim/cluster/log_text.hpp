// The log of a run as lines of JSON, with names instead of places: what run directories keep and pictures are
// made of.
#pragma once

#include <string>

namespace hvlab::cluster {

struct Plan;
struct Simulation;

/// A line for each occurrence: {"ns": 118000000000, "what": "ha-dead", "host": "server-2"}, and where they
/// are part of it "machine", "to" or "datastore", and a value under a name of its own ("downtime_ns", "why").
std::string log_lines(const Plan& plan, const Simulation& sim);

}  // namespace hvlab::cluster
