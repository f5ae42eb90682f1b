// The log of a run as lines of JSON, with names instead of places: what run directories keep and pictures are
// made of.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

struct Plan;

/// What an occurrence's `other` is.
enum class LogOther : u8 { None, Host, By, Datastore, Restart, Moves };
LogOther other_kind(What what);

/// What an occurrence's `value` is: "bytes", "ns", "refusal", "fault", "permille", "reason", or empty.
const char* value_kind(What what);

/// What the things of a plan are called, found once.
struct LogNames {
  explicit LogNames(const Plan& plan);

  std::vector<std::string> hosts, machines, datastores, cards, switches;
};

/// {"ns": 118000000000, "what": "ha-dead", "host": "server-2"}, and where they are part of it "machine",
/// "to", "datastore", "card" or "switch", and a value under a name of its own ("downtime_ns", "why", "of").
/// What was refused says how much of what is lacking ("lacks_mib", "lacks_mhz", "lacks_gib", "lacks_slots"),
/// the other machine of a rule ("with"), or, if all hosts refused it, that of each reason: "hosts": [{"why",
/// "hosts": how many, "host": the one that lacks least, ...}]. `place` is the occurrence's in the log.
std::string occurrence_json(const LogNames& names, const Simulation& sim, size_t place);

/// A line of JSON for each occurrence of a run.
std::string log_lines(const Plan& plan, const Simulation& sim);

/// The names of all kinds of occurrences.
std::vector<std::string> occurrence_names();

}  // namespace hvlab::cluster
