// From an event of a scenario's cluster to the faults and orders that it is.
#pragma once

#include <string>
#include <unordered_map>

#include "sim/cluster/plan.hpp"
#include "sim/scenario/cluster_names.hpp"

namespace hvlab::lab {

/// The places of a plan's things in the simulation's lists, by their names.
struct PlanPlaces {
  explicit PlanPlaces(const cluster::Plan& plan);

  using Table = std::unordered_map<std::string, cluster::Index>;
  Table hosts, machines, datastores;
};

/// Adds an event of names that were checked to a plan whose hosts, datastores and machines are there.
void add_event(const scenario::Value& event, const scenario::ClusterNames& names, const PlanPlaces& places,
               cluster::Plan& plan);

}  // namespace hvlab::lab
