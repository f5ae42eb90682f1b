// What a run of a cluster comes to, as named numbers.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hvlab::cluster {

struct Simulation;

/// Name and value, in the order of the table of metrics.cpp; units are in the names: "hosts.energy.kwh",
/// "machines.downtime.seconds", "machines.served" (processor time got of that wanted). After run().
std::vector<std::pair<std::string, double>> metrics_of(const Simulation& sim);

/// One of them; there is one of that name.
double metric(const Simulation& sim, const std::string& name);

}  // namespace hvlab::cluster
