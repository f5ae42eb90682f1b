// Machines started and stopped, and where they may be.
#pragma once

#include <functional>
#include <string_view>

#include "sim/cluster/refusal.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Cluster;
struct Simulation;

/// The rules of where a machine may be.
enum class PlaceRule : u8 { None, Apart, Together, Hosts, Count };
/// "apart", "together", "hosts"; empty for None.
std::string_view name(PlaceRule rule);

/// The first rule that keeps the machine off the host beside those that are there. Looks at nothing else.
PlaceRule broken_rule(const Cluster& cluster, Index machine, Index host);

/// Why the machine cannot be on the host; None if it can. It is not there yet.
Refusal may_be_on(const Cluster& cluster, Index machine, Index host);

/// The host that has most of its processor time unreserved of those that take the machine and that `usable`
/// does not refuse; kNone if there is none. `usable` may be empty.
Index freest_host(const Cluster& cluster, Index machine, const std::function<bool(Index)>& usable = {});

/// Starts a machine that is off, on `host`: it serves after its way's start-up time. Asked of the host
/// itself, so no manager is needed; admission control of high availability has its say.
Refusal power_on(Simulation& sim, Index machine, Index host);
/// Likewise, of one that may_be_on() the host and is admitted.
void start_on(Simulation& sim, Index machine, Index host);

/// Switches a machine off; `by_owner`: it is not to run any more.
void power_off(Simulation& sim, Index machine, bool by_owner);

/// It is gone with its host.
void machine_dies(Simulation& sim, Index machine);

void start_up_ends(Simulation& sim, Index machine, u32 version);

/// Down time so far of a machine that should run.
Nanoseconds down_time(const Simulation& sim, Index machine);

/// Counts down time from now, or until now.
void goes_down(Simulation& sim, Index machine);
void comes_up(Simulation& sim, Index machine);

}  // namespace hvlab::cluster
