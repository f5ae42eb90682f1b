// What does not change in a run, as it is recorded.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/cluster/log_text.hpp"
#include "sim/cluster/recording.hpp"

namespace hvlab::cluster {

namespace {

constexpr std::array<const char*, 5> kKinds = {"local", "fibre-channel", "iscsi", "nfs", "pooled"};
constexpr std::array<const char*, 6> kPriorities = {"highest", "high", "medium", "low", "lowest", "never"};
constexpr std::array<const char*, 3> kNoProgress = {"stop-anyway", "give-up", "go-on"};

template <class Kind>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(Kind::Count));
  for (size_t i = 0; i < static_cast<size_t>(Kind::Count); ++i)
    names.emplace_back(name(static_cast<Kind>(i)));
  return names;
}

std::vector<record::HostFacts> hosts_of(const Plan& plan, const Cluster& cluster) {
  const std::vector<std::string> names = host_names(plan);
  std::vector<record::HostFacts> hosts;
  for (Index i = 0; i < cluster.hosts.size(); ++i) {
    const Host& host = cluster.hosts[i];
    const auto& power = cluster.curves[host.curve].load;
    const u32 mbps = host.nics == 0 ? 0 : cluster.nics[host.first_nic].mbps;
    hosts.push_back(
        {names[i], host.cores, host.core_mhz, host.memory, host.nics, mbps, power.front(), power.back()});
  }
  return hosts;
}

std::vector<record::MachineFacts> machines_of(const Plan& plan, const Cluster& cluster) {
  const std::vector<std::string> names = machine_names(plan);
  std::vector<record::MachineFacts> machines;
  for (Index i = 0; i < cluster.machines.size(); ++i) {
    const VirtualMachine& vm = cluster.machines[i];
    machines.push_back({names[i], cluster.overheads[vm.overhead].name,
                        kPriorities[static_cast<size_t>(vm.priority)], vm.processors, vm.memory, vm.disk,
                        vm.reservation});
  }
  return machines;
}

std::vector<record::StoreFacts> stores_of(const Plan& plan, const Cluster& cluster) {
  const std::vector<std::string> names = datastore_names(plan);
  std::vector<record::StoreFacts> stores;
  for (Index i = 0; i < cluster.datastores.size(); ++i) {
    const Datastore& store = cluster.datastores[i];
    stores.push_back({names[i], kKinds[static_cast<size_t>(store.kind)], store.host, store.disks,
                      store.capacity, store.bandwidth});
  }
  return stores;
}

std::vector<record::EventKindFacts> events_of() {
  std::vector<record::EventKindFacts> kinds;
  for (size_t i = 0; i < static_cast<size_t>(What::Count); ++i) {
    const What what = static_cast<What>(i);
    kinds.push_back({std::string(name(what)), value_kind(what)});
  }
  return kinds;
}

// The figures of the ways of virtualizing, and of the cluster's own mechanisms (their comments say so, too).
std::vector<record::AssumedFigure> assumed_of(const Simulation& sim) {
  std::vector<record::AssumedFigure> assumed;
  for (const Overhead& way : sim.cluster.overheads)
    for (const media::Figure& figure : way.figures)
      if (std::string(origin_of(figure)) == "assumed")
        assumed.push_back({way.name + ": " + figure.name, figure.source});
  assumed.push_back(
      {fmt::format("migration: processor time of both hosts, {} MHz", sim.moves.service), "assumed"});
  assumed.push_back({fmt::format("migration: {}, switch-over {} ms", sim.moves.policy.name,
                                 sim.moves.policy.switch_over / kMilliseconds),
                     std::string(sim.moves.policy.source)});
  if (sim.power.on)
    assumed.push_back(
        {fmt::format("power saving: a host boots in {} s", sim.power.boot / kSeconds), "assumed"});
  if (sim.ha.on)
    assumed.push_back({fmt::format("availability: restarts that found no host are tried again after {} s",
                                   sim.ha.retry / kSeconds),
                       "assumed"});
  return assumed;
}

record::PolicyFacts policy_of(const PrecopyPolicy& policy) {
  return {std::string(policy.name),
          std::string(policy.source),
          policy.downtime_goal,
          policy.few_bytes,
          policy.most_rounds,
          policy.switch_over,
          policy.slows_down ? "slow-down" : kNoProgress[static_cast<size_t>(policy.no_progress)]};
}

}  // namespace

record::ClusterFacts recorded_facts(const Plan& plan, const Simulation& sim, Nanoseconds until) {
  record::ClusterFacts facts;
  facts.hosts = hosts_of(plan, sim.cluster);
  facts.machines = machines_of(plan, sim.cluster);
  facts.stores = stores_of(plan, sim.cluster);
  facts.events = events_of();
  facts.reasons = names_of<MoveReason>();
  facts.rules = names_of<PlaceRule>();
  for (size_t i = 0; i < static_cast<size_t>(Refusal::Count); ++i)
    facts.refusals.emplace_back(text(static_cast<Refusal>(i)));
  facts.faults = names_of<FaultKind>();
  facts.assumed = assumed_of(sim);
  facts.policy = policy_of(sim.moves.policy);
  facts.ha = sim.ha.on;
  facts.balancing = sim.balancer.on;
  facts.power_saving = sim.power.on;
  facts.ha_timings = sim.ha.timings.name;
  facts.imbalance_threshold = static_cast<u32>(threshold_of(sim.balancer, sim.cluster.hosts.size()) * 1000);
  facts.load_step = sim.load_step;
  facts.until = until;
  facts.manager = plan.manager;
  return facts;
}

}  // namespace hvlab::cluster
