#include "sim/cluster/explained.hpp"

#include <algorithm>

#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr u32 kMostOfAllHosts = 1000;

u64 beyond(u64 needed, u64 there) { return needed - std::min(needed, there); }

Index one_apart(const Cluster& cluster, Index machine, Index host) {
  for (const auto* list : {&cluster.hosts[host].machines, &cluster.hosts[host].coming})
    for (const Index other : *list)
      if (other != machine && cluster.machines[other].apart == cluster.machines[machine].apart) return other;
  return kNone;
}

Index one_together(const Cluster& cluster, Index machine) {
  for (const Index other : cluster.together[cluster.machines[machine].together])
    if (other != machine) return other;
  return kNone;
}

bool is_nearer(const RefusalPart& one, const RefusalPart& other) {
  return one.lack.of != Lack::Of::Nothing && one.lack.amount < other.lack.amount;
}

}  // namespace

RefusalPart particulars(const Simulation& sim, Index machine, Index host, Refusal why, Index datastore) {
  RefusalPart part;
  part.why = why;
  part.host = host;
  const Cluster& cluster = sim.cluster;
  const VirtualMachine& vm = cluster.machines[machine];
  if (why == Refusal::DatastoreFull && datastore != kNone) {
    const Datastore& store = cluster.datastores[datastore];
    part.lack = {Lack::Of::Space, beyond(store.used + disk_space(vm), store.capacity)};
  }
  if (host == kNone) return part;
  const Host& at = cluster.hosts[host];
  switch (why) {
    case Refusal::NoMemory:
      part.lack = {Lack::Of::Memory, beyond(at.committed + memory_on_host(cluster, vm), at.memory)};
      break;
    case Refusal::NoProcessorTime:
      part.lack = {Lack::Of::ProcessorTime, beyond(at.reserved + vm.reservation, at.capacity())};
      break;
    case Refusal::RuleApart: part.with = one_apart(cluster, machine, host); break;
    case Refusal::RuleTogether: part.with = one_together(cluster, machine); break;
    default: break;
  }
  return part;
}

std::vector<RefusalPart> why_nowhere(const Simulation& sim,
                                     const std::function<RefusalPart(Index host)>& why) {
  std::vector<RefusalPart> parts;
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    const RefusalPart part = why(host);
    if (part.why == Refusal::None) continue;
    const auto known = std::ranges::find(parts, part.why, &RefusalPart::why);
    if (known == parts.end()) {
      parts.push_back(part);
      continue;
    }
    const u32 hosts = known->hosts + 1;
    if (is_nearer(part, *known)) *known = part;
    known->hosts = hosts;
  }
  std::ranges::stable_sort(parts, std::greater{}, &RefusalPart::hosts);
  return parts;
}

std::vector<RefusalPart> why_nowhere(const Simulation& sim, Index machine) {
  return why_nowhere(sim, [&](Index host) {
    return particulars(sim, machine, host, may_be_on(sim.cluster, machine, host));
  });
}

void tell_refused(Simulation& sim, Index machine, Index host, Refusal why, Index datastore) {
  tell(sim, What::Refused, machine, host, kNone, static_cast<u64>(why));
  const RefusalPart part = particulars(sim, machine, host, why, datastore);
  if (part.lack.of != Lack::Of::Nothing || part.with != kNone)
    explain(sim, sim.log.size() - 1, {part}, false);
}

void explain(Simulation& sim, size_t occurrence, std::vector<RefusalPart> parts, bool of_all_hosts) {
  if (parts.empty()) return;
  sim.explanations.all.push_back({occurrence, of_all_hosts, std::move(parts)});
  sim.explanations.of_all_hosts += of_all_hosts ? 1 : 0;
}

bool explains_more(const Simulation& sim) { return sim.explanations.of_all_hosts < kMostOfAllHosts; }

const Explained* explanation_of(const Simulation& sim, size_t occurrence) {
  const std::vector<Explained>& all = sim.explanations.all;
  const auto found = std::ranges::lower_bound(all, occurrence, {}, &Explained::occurrence);
  return found == all.end() || found->occurrence != occurrence ? nullptr : &*found;
}

}  // namespace hvlab::cluster
