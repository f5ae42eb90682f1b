// Runs of clusters to look at: plans, and directories with what was recorded of them.
#pragma once

#include <string>

#include "sim/cluster/plan.hpp"
#include "sim/cluster/recording.hpp"
#include "sim/record/run_writer.hpp"

namespace hvlab::test {

inline cluster::HostPlan cluster_hosts(u32 count) {
  cluster::HostPlan host;
  host.name = "host";
  host.count = count;
  host.cores = 16;
  host.core_mhz = 2500;
  host.memory = 128 << 10;
  host.cards = 3;
  host.mbps = 1000;
  host.power = {
      {100'000, 128'000, 146'000, 163'000, 180'000, 198'000, 217'000, 239'000, 264'000, 292'000, 320'000},
      9'000};
  return host;
}

inline cluster::DatastorePlan cluster_store(const char* name, u16 disks) {
  cluster::DatastorePlan store;
  store.name = name;
  store.what.kind = cluster::StorageKind::FibreChannel;
  store.what.disks = disks;
  store.what.redundant = 2;
  store.what.disk_iops = 180;
  store.what.write_cost = 4;
  store.what.cache_hits = 300;
  store.what.latency = 800;
  store.what.capacity = 1'000'000;
  store.what.bandwidth = 1600;
  return store;
}

inline cluster::MachinePlan cluster_machines(const char* name, u32 count, u16 processors, u32 gib, u16 low,
                                             u16 high, cluster::Nanoseconds peak, u32 writes = 20'000) {
  cluster::MachinePlan machine;
  machine.name = name;
  machine.count = count;
  machine.what.processors = processors;
  machine.what.memory = gib << 10;
  machine.what.disk = 10 * gib;
  machine.what.size = processors * 1300u;
  machine.what.reads = 40u * processors;
  machine.what.writes = 20u * processors;
  machine.way = "kvm";
  machine.datastore = "san-1";
  machine.demand = {cluster::DemandShape::Peak, low, high, 25};
  machine.demand.phase = peak;
  machine.demand.width = 9 * cluster::kHours;
  machine.writes = {{{{2000, 60'000}, {60'000 * gib / 4, writes}, {0, 0}}}};
  return machine;
}

/// A day of `hosts` hosts with eight machines each, packed by kind, so that all on one host have their peak
/// together; the second host fails at 14 h and is back at 16 h, the first is emptied at 18 h. With high
/// availability; with balancing, or without.
inline cluster::Plan cluster_day(u32 hosts, bool balancing) {
  using namespace cluster;
  Plan plan;
  plan.hosts = {cluster_hosts(hosts)};
  plan.datastores = {cluster_store("san-1", static_cast<u16>(12 + 4 * hosts)),
                     cluster_store("san-2", static_cast<u16>(6 + 2 * hosts))};
  plan.machines = {cluster_machines("web", 5 * hosts, 2, 4, 80, 950, 11 * kHours),
                   cluster_machines("db", hosts, 8, 24, 150, 700, 15 * kHours),
                   cluster_machines("batch", 2 * hosts, 4, 8, 50, 900, 22 * kHours, 40'000)};
  plan.machines[1].datastore = "san-2";
  plan.machines[1].what.priority = Priority::High;
  plan.ha.on = true;
  plan.balancer.on = balancing;
  plan.faults = {{14 * kHours, FaultKind::Host, false, 1}, {16 * kHours, FaultKind::Host, true, 1}};
  Order empty;
  empty.at = 18 * kHours;
  empty.kind = OrderKind::EnterMaintenance;
  empty.host = 0;
  Order use = empty;
  use.at = 20 * kHours;
  use.kind = OrderKind::LeaveMaintenance;
  plan.orders = {empty, use};
  return plan;
}

/// Runs it, and leaves run directory `folder` with what was recorded. Returns the recording's bytes.
inline u64 write_cluster_run(const std::string& folder, const cluster::Plan& plan,
                             cluster::Nanoseconds until) {
  record::RunWriter run(folder + "/", {});
  cluster::Simulation sim = cluster::simulation_of(plan);
  cluster::Recording recording(run.streamed(record::kClusterFile), plan, sim, until);
  cluster::run(sim, until, recording);
  recording.finish(sim);
  run.note_problem(recording.problem());
  run.finish(record::RunState::Complete, {});
  return recording.bytes();
}

}  // namespace hvlab::test
