#include "sim/cluster/metrics.hpp"

#include <algorithm>

#include "sim/base/check.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

double number(Sum sum) { return static_cast<double>(sum); }

Sum of_hosts(const Simulation& sim, Sum Host::* member) {
  Sum sum = 0;
  for (const Host& host : sim.cluster.hosts) sum += host.*member;
  return sum;
}

Sum of_machines(const Simulation& sim, Sum VirtualMachine::* member) {
  Sum sum = 0;
  for (const VirtualMachine& vm : sim.cluster.machines) sum += vm.*member;
  return sum;
}

double ratio(Sum part, Sum all) { return all == 0 ? 0 : number(part) / number(all); }

double count(const Simulation& sim, What what) {
  return static_cast<double>(std::ranges::count(sim.log, what, &Occurrence::what));
}

// Of its processors, what the busiest host was wanted for at its worst: what is below 1 is headroom.
double highest_load(const Simulation& sim) {
  double most = 0;
  for (const Host& host : sim.cluster.hosts)
    if (host.capacity() != 0) most = std::max(most, static_cast<double>(host.most_wanted) / host.capacity());
  return most;
}

double longest_stop(const Simulation& sim) {
  u64 most = 0;
  for (const Move& move : sim.moves.all) most = std::max(most, move.downtime);
  return static_cast<double>(most) * 1e-6;
}

double down(const Simulation& sim, bool longest) {
  Nanoseconds sum = 0, most = 0;
  for (Index i = 0; i < sim.cluster.machines.size(); ++i) {
    const Nanoseconds time = down_time(sim, i);
    sum += time;
    most = std::max(most, time);
  }
  return seconds(longest ? most : sum);
}

double moved_bytes(const Simulation& sim) {
  u64 sum = 0;
  for (const Move& move : sim.moves.all) sum += move.sent;
  return static_cast<double>(sum) / 1e9;
}

struct Row {
  const char* name;
  double (*value)(const Simulation&);
};

constexpr double kKilowattHour = 3.6e18;  // picojoules

constexpr Row kRows[] = {
    {"hosts.on",
     [](const Simulation& sim) {
       return static_cast<double>(std::ranges::count(sim.cluster.hosts, HostState::On, &Host::state));
     }},
    {"hosts.used",
     [](const Simulation& sim) {
       return ratio(of_hosts(sim, &Host::used) + of_hosts(sim, &Host::in_service),
                    of_hosts(sim, &Host::offered));
     }},
    {"hosts.load.highest", highest_load},
    {"hosts.energy.kwh",
     [](const Simulation& sim) { return number(of_hosts(sim, &Host::energy)) / kKilowattHour; }},
    {"machines.running",
     [](const Simulation& sim) {
       return static_cast<double>(
           std::ranges::count(sim.cluster.machines, VmState::Running, &VirtualMachine::state));
     }},
    {"machines.served",
     [](const Simulation& sim) {
       return ratio(of_machines(sim, &VirtualMachine::used), of_machines(sim, &VirtualMachine::wanted));
     }},
    {"machines.work.gigacycles",
     [](const Simulation& sim) { return number(of_machines(sim, &VirtualMachine::used)) * 1e-12; }},
    {"machines.requests",
     [](const Simulation& sim) { return number(of_machines(sim, &VirtualMachine::requests)) * 1e-9; }},
    {"machines.traffic.gigabytes",
     [](const Simulation& sim) { return number(of_hosts(sim, &Host::traffic_given)) * 1e-18; }},
    {"machines.traffic.served",
     [](const Simulation& sim) {
       return ratio(of_hosts(sim, &Host::traffic_given), of_hosts(sim, &Host::traffic_wanted));
     }},
    {"machines.downtime.seconds", [](const Simulation& sim) { return down(sim, false); }},
    {"machines.downtime.longest.seconds", [](const Simulation& sim) { return down(sim, true); }},
    {"moves.done", [](const Simulation& sim) { return count(sim, What::Moved); }},
    {"moves.disks", [](const Simulation& sim) { return count(sim, What::DiskMoved); }},
    {"moves.failed", [](const Simulation& sim) { return count(sim, What::MoveFailed); }},
    {"moves.downtime.longest.ms", longest_stop},
    {"moves.gigabytes", moved_bytes},
    {"refused", [](const Simulation& sim) { return count(sim, What::Refused); }},
    {"restarts", [](const Simulation& sim) { return static_cast<double>(sim.ha.restarts); }},
    {"imbalance", [](const Simulation& sim) { return imbalance(sim); }},
    {"data.lost", [](const Simulation& sim) { return count(sim, What::DataLost); }},
};

}  // namespace

std::vector<std::pair<std::string, double>> metrics_of(const Simulation& sim) {
  std::vector<std::pair<std::string, double>> all;
  for (const Row& row : kRows) all.emplace_back(row.name, row.value(sim));
  return all;
}

double metric(const Simulation& sim, const std::string& name) {
  const auto found = std::ranges::find_if(kRows, [&](const Row& row) { return name == row.name; });
  HVLAB_CHECK(found != std::end(kRows));
  return found->value(sim);
}

}  // namespace hvlab::cluster
