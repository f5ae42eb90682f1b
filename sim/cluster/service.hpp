// A host is serviced: emptied, switched off for a while, and taken into use again.
#pragma once

#include <vector>

#include "sim/cluster/refusal.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

struct Service {
  Index host = kNone;
  Nanoseconds lasts = 0;  // from off to on
  bool off = false;       // it is serviced now
  bool over = false;
  std::vector<Index> stopped;  // machines that wait for it, since no other host takes them
};

/// Puts the host into maintenance. What can move moves; what cannot is shut down, started on another host if
/// one takes it, and else waits for this one. When it is empty it is off for `lasts`. None, or why the
/// manager does not do it.
Refusal begin_service(Simulation& sim, Index host, Nanoseconds lasts);

/// Looks whether hosts to be serviced are empty, or have machines that cannot move after all: each load step.
void go_on_with_services(Simulation& sim);

/// The host is on again.
void service_ends(Simulation& sim, u32 service);

/// In how many services' lists the machine stands.
size_t waits_for_service(const Simulation& sim, Index machine);

}  // namespace hvlab::cluster
