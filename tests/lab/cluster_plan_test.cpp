// Would catch: a value of a scenario that reaches the simulation in another unit or place, or not at all.
#include "sim/lab/cluster_plan.hpp"

#include <catch2/catch.hpp>

#include "sim/lab/scenario_files.hpp"

using namespace hvlab;
using namespace hvlab::lab;

namespace {

ClusterCase case_from(const std::string& text) {
  scenario::Problems problems;
  const auto scenario =
      scenario::read_scenario("f.yaml", "title: x\ncluster:\n" + text, {}, scenario_vocabulary(), problems);
  INFO(problems.report());
  REQUIRE(scenario);
  return case_of(scenario->cells[0], ".");
}

constexpr const char* kHosts = "  hosts: [{name: a, count: 2, cards: 3}, {name: b, count: 2, cards: 2}]\n";
constexpr const char* kVms = "  vms: [{name: x, count: 3}, {name: y}]\n";

}  // namespace

TEST_CASE("hosts, datastores and machines are what the file says") {
  const ClusterCase made = case_from(
      "  length: 2h\n"
      "  hosts: [{name: a, count: 2, cores: 4, frequency: 2.5GHz, memory: 16GiB, speed: 10Gbit/s, watts: [1, "
      "2, 3, "
      "4, 5, 6, 7, 8, 9, 10, 11.5]}, {name: b}]\n"
      "  datastores: [{name: s, kind: nfs, raid: raid6, cache: 0.25, latency: 3ms, bandwidth: 50MB/s, "
      "capacity: "
      "2TiB}]\n"
      "  vms: [{name: x, count: 3, vcpus: 4, memory: 1.5GiB, demand: {shape: peak, low: 0.1, high: 0.5, "
      "peak_at: 6h, "
      "width: 4h, later_each: 1h}, reservation: 1GHz, limit: 3GHz, dirty: [{memory: 4MiB, writes: 7}], io: "
      "{reads: "
      "3, size: 64KiB}, priority: low, hosts: [a]}]\n"
      "  ha: {isolation_response: power-off, admission: part, part: 0.5}\n"
      "  power_saving: {target: 0.7, on: false}\n");
  const cluster::Plan& plan = made.plan;
  CHECK(made.length == 2 * cluster::kHours);
  REQUIRE(plan.hosts.size() == 2);
  CHECK(plan.hosts[0].core_mhz == 2500);
  CHECK(plan.hosts[0].memory == 16 << 10);
  CHECK(plan.hosts[0].mbps == 10'000);
  CHECK(plan.hosts[0].power.load[10] == 11'500);
  CHECK(plan.hosts[1].power.load[0] == 58'400);  // the default curve, without load
  const cluster::Datastore& store = plan.datastores.at(0).what;
  CHECK(store.kind == cluster::StorageKind::Nfs);
  CHECK(store.redundant == 2);
  CHECK(store.write_cost == 6);
  CHECK(store.cache_hits == 250);
  CHECK(store.latency == 3000);
  CHECK(store.bandwidth == 50);
  CHECK(store.capacity == 2048);
  const cluster::MachinePlan& machine = plan.machines.at(0);
  CHECK(machine.what.memory == 1536);
  CHECK(machine.what.size == 5000);  // half of 4 x 2.5 GHz
  CHECK(machine.what.shares == 4000);
  CHECK(machine.what.reservation == 1000);
  CHECK(machine.demand.high == 500);
  CHECK(machine.demand.phase == 6 * cluster::kHours);
  CHECK(machine.later_each == cluster::kHours);
  CHECK(machine.writes.classes[0].pages == 1024);
  CHECK(machine.writes.classes[1].pages == 0);
  CHECK(machine.what.request_kib == 64);
  CHECK(machine.hosts == std::vector<std::string>{"a-1", "a-2"});
  CHECK(machine.datastore == "s");
  CHECK(plan.groups[2].cards == 0b11);
  CHECK(plan.ha.on);
  CHECK(plan.ha.part == 500);
  CHECK_FALSE(plan.power.on);
  CHECK_FALSE(plan.balancer.on);
  CHECK(plan.moves_at_a_time == 8);
}

TEST_CASE("events reach the things that they name") {
  const ClusterCase made =
      case_from(std::string(kHosts) + kVms +
                "  datastores: [{name: s}, {name: t}]\n"
                "  events:\n"
                "    - {at: 1s, fail: {host: [b], card: b-2/1, switch: switch-2, disk: t, "
                "partition: [a-1, b-1], manager: true}}\n"
                "    - {at: 2s, repair: {datastore: [s, t]}}\n"
                "    - {at: 3s, move: {vm: [x-2, y], to: b-1, datastore: t}}\n"
                "    - {at: 4s, move_disk: {vm: x, to: t}}\n"
                "    - {at: 5s, enter_maintenance: a}\n"
                "    - {at: 6s, resize: {vm: y, limit: 0Hz, shares: 9}}\n");
  const auto& faults = made.plan.faults;
  REQUIRE(faults.size() == 9);
  using cluster::FaultKind;
  CHECK((faults[0].kind == FaultKind::Host && faults[0].subject == 2 && faults[1].subject == 3));
  CHECK((faults[2].kind == FaultKind::Card && faults[2].subject == 2 * 3 + 2 + 1));
  CHECK((faults[3].kind == FaultKind::Switch && faults[3].subject == 1));
  CHECK((faults[4].kind == FaultKind::Disk && faults[4].subject == 1));
  CHECK(faults[5].kind == FaultKind::Manager);
  CHECK((faults[6].kind == FaultKind::Partition && faults[6].hosts == std::vector<cluster::Index>{0, 2}));
  CHECK((faults[7].kind == FaultKind::Datastore && faults[7].mended && faults[7].subject == 0));
  const auto& orders = made.plan.orders;
  // Two machines move, three disks, two hosts are emptied, one machine has another size.
  REQUIRE(orders.size() == 8);
  using cluster::OrderKind;
  CHECK((orders[0].kind == OrderKind::Move && orders[0].machine == 1 && orders[0].host == 2));
  CHECK((orders[1].machine == 3 && orders[1].datastore == 1));
  CHECK((orders[4].kind == OrderKind::MoveDisk && orders[4].machine == 2 && orders[4].datastore == 1));
  CHECK((orders[6].kind == OrderKind::EnterMaintenance && orders[6].host == 1));
  CHECK((orders[7].kind == OrderKind::Resize && orders[7].values[0] == cluster::kNone));
  CHECK((orders[7].values[1] == 0 && orders[7].values[2] == 9));
}

TEST_CASE("ports, rules, tasks and what machines do not begin with are what the file says") {
  const ClusterCase made = case_from(
      "  hosts: [{name: a, count: 2, cards: 3, speed: 10Gbit/s, stays_on: true, ports: [{switch: switch-2}, "
      "{vlans: "
      "\"0-2,7\", speed: 1Gbit/s}]}]\n"
      "  networks: {switches: 3}\n"
      "  datastores: [{name: s}, {name: f, medium: ssd-nvme, kind: local, host: a-1}, {name: p, kind: "
      "pooled, "
      "members: a-1, tolerates: 0, repair_after: 5min}]\n"
      "  vms:\n"
      "    - {name: x, count: 2, starts: false, demand: {low: 0.5, growth: -0.25}, io: {in_flight: 4, "
      "cycles: 9000, "
      "reads: 1, port_limit: 50Mbit/s}}\n"
      "    - {name: y, vcpus: 4, tasks: [{megacycles: 400000, count: 3, at: 1h}, {megacycles: 7}]}\n"
      "    - {name: z, count: 2}\n"
      "  rules: [{apart: [x-1, z]}, {together: [y, x]}]\n"
      "  migration: {policy: kvm, downtime: 500ms, bandwidth: 1Gbit/s, give_up_after: 2min}\n"
      "  drs: {}\n"
      "  power_saving: {after: 40min}\n"
      "  manager_standbys: 1\n"
      "  manager_takeover: 2min\n"
      "  start_with_host: false\n"
      "  events: [{at: 1h, cancel_move: [z]}]\n");
  const cluster::Plan& plan = made.plan;
  REQUIRE(plan.hosts.at(0).ports.size() == 2);
  const cluster::PortPlan &first = plan.hosts[0].ports[0], &second = plan.hosts[0].ports[1];
  CHECK((first.to == 1 && first.vlans == ~u64{0} && first.mbps == 10'000));
  CHECK((second.to == 1 && second.vlans == 0b1000'0111 && second.mbps == 1000));
  CHECK(plan.hosts[0].stays_on);
  CHECK(plan.datastores.at(0).what.disk_iops == 180);
  CHECK(plan.datastores.at(1).what.disk_iops == 380'000);
  CHECK(plan.datastores.at(1).what.latency == 168);
  CHECK(plan.datastores.at(2).repair_after == 5 * cluster::kMinutes);
  const cluster::MachinePlan &x = plan.machines.at(0), &y = plan.machines.at(1), &z = plan.machines.at(2);
  CHECK_FALSE(x.starts);
  CHECK(x.demand.growth == -250);
  CHECK((x.what.in_flight == 4 && x.what.request_cycles == 9000 && x.what.port_mbps == 50));
  CHECK_FALSE(x.has_tasks);
  CHECK((y.has_tasks && y.starts && z.starts));
  REQUIRE(y.tasks.size() == 2);
  CHECK((y.tasks[0].megacycles == 400'000 && y.tasks[0].count == 3 && y.tasks[0].at == cluster::kHours));
  CHECK((y.tasks[1].megacycles == 7 && y.tasks[1].count == 1 && y.tasks[1].at == 0));
  CHECK(y.what.size == 4 * 3060);  // all of its processors
  REQUIRE(plan.rules.size() == 2);
  CHECK(plan.rules[0].rule == cluster::PlaceRule::Apart);
  CHECK(plan.rules[0].machines == std::vector<std::string>{"x-1", "z-1", "z-2"});
  CHECK(plan.rules[1].rule == cluster::PlaceRule::Together);
  CHECK(plan.rules[1].machines == std::vector<std::string>{"y", "x-1", "x-2"});
  CHECK(plan.precopy.downtime_goal == 500 * cluster::kMilliseconds);
  CHECK(plan.precopy.most_bandwidth == 125'000'000);
  CHECK(plan.precopy.patience == 2 * cluster::kMinutes);
  CHECK(plan.power.after == 40 * cluster::kMinutes);
  CHECK(plan.manager_takeover == 2 * cluster::kMinutes);
  CHECK_FALSE(plan.starts_with_host);
  REQUIRE(plan.orders.size() == 2);
  CHECK((plan.orders[0].kind == cluster::OrderKind::CancelMove && plan.orders[1].machine == 4));
  CHECK(plan.balancer.threshold < 0);  // the level's
}

TEST_CASE("costs come from groups of hosts and from all") {
  const ClusterCase made =
      case_from("  hosts: [{name: a, count: 2, cost: {price: 100, support: 5}}]\n" + std::string(kVms) +
                "  cost: {years: 7, kilowatt_hour: 0.2, moves: false, reinstallation: 30}\n");
  REQUIRE(made.cost);
  CHECK(made.cost->years == 7);
  CHECK(made.cost->servers.at(0).count == 2);
  CHECK(made.cost->servers.at(0).price == 100);
  CHECK(made.cost->common.systems == 4);
  CHECK_FALSE(made.cost->common.moves);
}
