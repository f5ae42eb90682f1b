#include "sim/cluster/hours.hpp"

#include <algorithm>

#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kAll = 1000;

void set(Hourly& sum, Sum part, Sum all) {
  sum.part = part;
  sum.all = all;
}

void look_at_hosts(const Simulation& sim, Hours& hours) {
  Sum used = 0, offered = 0;
  for (Index i = 0; i < sim.cluster.hosts.size(); ++i) {
    const Host& host = sim.cluster.hosts[i];
    set(hours.host_used[i], host.used + host.in_service, host.offered);
    used += host.used + host.in_service;
    offered += host.offered;
  }
  set(hours.hosts_used, used, offered);
}

void look_at_machines(const Simulation& sim, const std::vector<u32>& groups, Hours& hours) {
  Sum used = 0, wanted = 0;
  size_t machine = 0;
  for (size_t group = 0; group < groups.size(); ++group) {
    Sum group_used = 0, group_wanted = 0;
    for (u32 i = 0; i < groups[group]; ++i, ++machine) {
      group_used += sim.cluster.machines[machine].used;
      group_wanted += sim.cluster.machines[machine].wanted;
    }
    set(hours.group_served[group], group_used, group_wanted);
    used += group_used;
    wanted += group_wanted;
  }
  set(hours.machines_served, used, wanted);
}

void look_at_stores(const Simulation& sim, Nanoseconds span, Hours& hours) {
  for (Index i = 0; i < sim.cluster.datastores.size(); ++i) {
    const Datastore& store = sim.cluster.datastores[i];
    const Sum requests = Sum{store.offered} * span;
    hours.store_busy[i].part += Sum{store.busy} * span;
    hours.store_busy[i].all += Sum{kAll} * span;
    hours.store_served[i].part += requests * store.served;
    hours.store_served[i].all += requests * kAll;
    hours.store_response[i].part += requests * store.response;
    hours.store_response[i].all += requests;
  }
}

}  // namespace

void Hourly::close_hour() {
  const Sum passed = all - all_before;
  if (passed != 0) {
    const double ratio_now = static_cast<double>(part - part_before) / static_cast<double>(passed);
    most = any ? std::max(most, ratio_now) : ratio_now;
    least = any ? std::min(least, ratio_now) : ratio_now;
    any = true;
  }
  part_before = part;
  all_before = all;
}

Hours::Hours(const Simulation& sim, std::vector<u32> group_sizes) : group_sizes_(std::move(group_sizes)) {
  host_used.resize(sim.cluster.hosts.size());
  group_served.resize(group_sizes_.size());
  store_busy.resize(sim.cluster.datastores.size());
  store_served.resize(sim.cluster.datastores.size());
  store_response.resize(sim.cluster.datastores.size());
}

void Hours::look(const Simulation& sim) {
  look_at_hosts(sim, *this);
  look_at_machines(sim, group_sizes_, *this);
  look_at_stores(sim, sim.now() - looked_, *this);
  looked_ = sim.now();
  if (looked_ - hour_ >= kHours) close_hour();
}

void Hours::close_hour() {
  hosts_used.close_hour();
  machines_served.close_hour();
  for (auto* list : {&host_used, &group_served, &store_busy, &store_served, &store_response})
    for (Hourly& each : *list) each.close_hour();
  hour_ = looked_;
  closed_any_ = true;
}

void Hours::finish() {
  if (!closed_any_) close_hour();
}

}  // namespace hvlab::cluster
