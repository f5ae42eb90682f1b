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
