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
  // From 1, which follows rules alone, to 5, which leaves no imbalance alone. VMware's KB 1007485 gives a
  // move the priority 6 - ceil(imbalance / 0.1 x sqrt(hosts)); those of the level's number and below are
  // made.
  u32 level = 3;
  double threshold = -1;  // imbalance that is left alone instead of the level's; negative: the level's
  u32 most_moves = 32;    // asked for in one look
  u32 looks = 0;
  u32 asked = 0;
};

/// MHz that each machine is entitled to: what it wants as long as the hosts that take machines have that
/// together, otherwise what it would get by shares, reservation and limit if they were one host.
std::vector<u32> entitlements(const Simulation& sim);

/// Imbalance that `balancer` leaves alone among so many hosts.
double threshold_of(const Balancer& balancer, size_t hosts);

/// The standard deviation of the hosts' loads: what its machines are entitled to by what it has. Hosts that
/// take no machines do not count.
double imbalance(const Simulation& sim);

/// What is won by moving work of `wants` MHz from a host with load `from` (with it) to one with load `to`
/// (before it came, of `capacity` MHz), for `period`: processor time, in MHz x s, for which it competes less.
double benefit(u32 wants, double from, double to, u32 capacity, Nanoseconds period);

/// What a move of so many MiB costs: processor time of both hosts while it is copied, in MHz x s.
double cost(u32 memory, u32 mbps, u32 service);

/// Looks, asks for moves, and looks again after the period.
void balance(Simulation& sim);

}  // namespace hvlab::cluster
