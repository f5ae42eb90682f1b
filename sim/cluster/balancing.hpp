// Distributed resource scheduling: every few minutes machines are moved from hosts with much load to hosts
// with little, as far as that is worth what it costs.
#pragma once

#include <span>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

struct Balancer {
  bool on = false;
  Nanoseconds period = 5 * kMinutes;  // as VMware's
  double threshold = 0.1;             // imbalance that is left alone (assumed)
  u32 most_moves = 32;                // asked for in one look
  u32 looks = 0;
  u32 asked = 0;
};

/// The standard deviation of the hosts' loads: what is wanted of each by what it has. Hosts that take no
/// machines do not count.
double imbalance(const Simulation& sim);

/// What is won by moving work of `wants` MHz from a host with load `from` (with it) to one with load `to`
/// (before it came, of `capacity` MHz), for `period`: processor time, in MHz x s, for which it competes less.
double benefit(u32 wants, double from, double to, u32 capacity, Nanoseconds period);

/// What a move of so many MiB costs: processor time of both hosts while it is copied, in MHz x s.
double cost(u32 memory, u32 mbps, u32 service);

/// Looks, asks for moves, and looks again after the period.
void balance(Simulation& sim);

}  // namespace hvlab::cluster
