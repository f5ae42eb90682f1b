#include "sim/cluster/timelines.hpp"

#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

bool host_failed(const Occurrence& one) {
  return one.what == What::Fault && static_cast<FaultKind>(one.value) == FaultKind::Host;
}

}  // namespace

std::vector<Nanoseconds> detection_times(const Simulation& sim) {
  std::vector<Nanoseconds> times, failed(sim.cluster.hosts.size(), kForever);
  for (const Occurrence& one : sim.log) {
    if (host_failed(one)) failed[one.host] = one.at;
    if (one.what != What::HaDead || failed[one.host] == kForever) continue;
    times.push_back(one.at - failed[one.host]);
    failed[one.host] = kForever;
  }
  return times;
}

std::vector<Nanoseconds> restart_times(const Simulation& sim) {
  std::vector<Nanoseconds> times, died(sim.cluster.machines.size(), kForever);
  std::vector<bool> restarted(sim.cluster.machines.size());
  for (const Occurrence& one : sim.log) {
    if (one.what == What::Died) died[one.machine] = one.at;
    if (one.what == What::PowerOn) restarted[one.machine] = one.other == 1;
    if (one.what != What::Serves || !restarted[one.machine] || died[one.machine] == kForever) continue;
    times.push_back(one.at - died[one.machine]);
    died[one.machine] = kForever;
  }
  return times;
}

}  // namespace hvlab::cluster
