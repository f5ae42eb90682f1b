// What a run of a cluster comes to, as named numbers.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/hours.hpp"

namespace hvlab::cluster {

struct Plan;

enum class Unit : u8 {
  Count,
  Ratio,
  Time,   // nanoseconds
  Size,   // bytes
  Named,  // of the unit that the name says: "hosts.energy.kwh"
};

struct Metric {
  std::string name;
  Unit unit = Unit::Count;
  double value = 0;
};

/// What can be measured: totals, then of each "host.*", "datastore.*" and "group.*", in the order of
/// metrics_of(). The value says nothing.
std::vector<Metric> metric_patterns();

/// All of them after run(), with the names of `plan` in the stars' place. `hours` saw the run.
std::vector<Metric> metrics_of(const Plan& plan, const Simulation& sim, const Hours& hours);

/// One of the totals that need no hours; there is one of that name.
double metric(const Simulation& sim, const std::string& name);

}  // namespace hvlab::cluster
