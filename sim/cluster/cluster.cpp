#include "sim/cluster/cluster.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace hvlab::cluster {

u32 power_at(const PowerCurve& curve, u64 used, u64 capacity) {
  constexpr u64 kSteps = 10;
  if (capacity == 0 || used >= capacity) return curve.load.back();
  const u64 place = used * kSteps;
  const u64 step = place / capacity;
  const i64 below = curve.load[step], above = curve.load[step + 1];
  return static_cast<u32>(below +
                          (above - below) * static_cast<i64>(place % capacity) / static_cast<i64>(capacity));
}

Index add_host(Cluster& cluster, Host host, unsigned cards, u32 mbps) {
  const auto place = static_cast<Index>(cluster.hosts.size());
  if (cluster.switches.empty()) cluster.switches.resize(2);
  host.first_nic = static_cast<u32>(cluster.nics.size());
  host.nics = cards;
  Nic nic;
  nic.host = place;
  nic.mbps = mbps;
  for (Index card = 0; card < cards; ++card) {
    nic.to = static_cast<Index>(card % cluster.switches.size());
    cluster.nics.push_back(nic);
  }
  cluster.hosts.push_back(std::move(host));
  return place;
}

void add_hosts(Cluster& cluster, unsigned count, const Host& host, unsigned cards, u32 mbps) {
  for (unsigned i = 0; i < count; ++i) add_host(cluster, host, cards, mbps);
}

u64 memory_on_host(const Cluster& cluster, const VirtualMachine& machine) {
  const Overhead& way = cluster.overheads[machine.overhead];
  return u64{machine.memory} + way.memory + u64{machine.memory} * way.memory_permille / 1000;
}

namespace {

void note_together(Cluster& cluster, Index machine, bool is_on) {
  const u16 number = cluster.machines[machine].together;
  if (number == 0) return;
  if (cluster.together.size() <= number) cluster.together.resize(number + size_t{1});
  std::vector<Index>& group = cluster.together[number];
  if (is_on) {
    group.insert(std::ranges::lower_bound(group, machine), machine);
  } else {
    std::erase(group, machine);
  }
}

}  // namespace

void enter_host(Cluster& cluster, Index machine, Index host) {
  VirtualMachine& vm = cluster.machines[machine];
  HVLAB_CHECK(vm.host == kNone);
  vm.host = host;
  Host& at = cluster.hosts[host];
  at.machines.insert(std::ranges::lower_bound(at.machines, machine), machine);
  at.committed += memory_on_host(cluster, vm);
  at.reserved += vm.reservation;
  note_together(cluster, machine, true);
}

void leave_host(Cluster& cluster, Index machine) {
  VirtualMachine& vm = cluster.machines[machine];
  HVLAB_CHECK(vm.host != kNone);
  Host& at = cluster.hosts[vm.host];
  const auto found = std::ranges::lower_bound(at.machines, machine);
  HVLAB_CHECK(found != at.machines.end() && *found == machine);
  at.machines.erase(found);
  at.committed -= memory_on_host(cluster, vm);
  at.reserved -= vm.reservation;
  vm.host = kNone;
  note_together(cluster, machine, false);
}

}  // namespace hvlab::cluster
