// What clusters are for, as numbers of small runs: consolidation and its peaks, redundancy, independence of
// availability and balancing, the manager's outage, storage, energy.
#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"
#include "sim/cluster/audit.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/cluster/metrics.hpp"
#include "sim/cluster/plan.hpp"

namespace hvlab::cluster {

namespace {

constexpr PowerCurve kServer = {
    {60'000, 80'000, 92'000, 103'000, 114'000, 126'000, 139'000, 154'000, 171'000, 190'000, 210'000}, 8'000};

HostPlan server(u32 count) {
  HostPlan host;
  host.name = "server";
  host.count = count;
  host.power = kServer;
  return host;
}

DatastorePlan shared_store(const char* name = "san") {
  DatastorePlan store;
  store.name = name;
  store.what.kind = StorageKind::FibreChannel;
  store.what.disks = 12;
  store.what.redundant = 2;
  store.what.capacity = 10'000;
  store.what.bandwidth = 800;
  return store;
}

// Applications that want a tenth of a server at night and `peak` thousandths of one processor more by day.
MachinePlan applications(u32 count, u16 peak, Nanoseconds apart_by = 0) {
  MachinePlan machine;
  machine.name = "app";
  machine.count = count;
  machine.what.processors = 2;
  machine.what.memory = 3 << 10;
  machine.what.disk = 40;
  machine.what.size = 1000;
  machine.datastore = "san";
  machine.demand = {DemandShape::Peak, 100, peak};
  machine.demand.phase = 6 * kHours;
  machine.demand.width = 6 * kHours;
  machine.later_each = apart_by;
  return machine;
}

Plan consolidated(u32 hosts, u32 machines, u16 peak, Nanoseconds apart_by = 0) {
  Plan plan;
  plan.hosts = {server(hosts)};
  plan.datastores = {shared_store()};
  plan.machines = {applications(machines, peak, apart_by)};
  return plan;
}

size_t times_switched_on(const Simulation& sim) {
  return static_cast<size_t>(std::ranges::count(sim.log, What::SwitchedOn, &Occurrence::what));
}

Simulation run_of(const Plan& plan, Nanoseconds time = kDays) {
  Simulation sim = simulation_of(plan);
  run(sim, time);
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
  return sim;
}

}  // namespace

TEST_CASE("ten servers on two: fewer kilowatt hours for the same work, and both are better used") {
  Plan spread = consolidated(10, 10, 350);
  spread.machines[0].apart = true;
  const Simulation many = run_of(spread), few = run_of(consolidated(2, 10, 350));
  CHECK(metric(few, "machines.work.gigacycles") == Approx(metric(many, "machines.work.gigacycles")));
  CHECK(metric(few, "hosts.energy.kwh") < 0.4 * metric(many, "hosts.energy.kwh"));
  CHECK(metric(few, "hosts.used") == Approx(5 * metric(many, "hosts.used")));
  CHECK(metric(many, "machines.served") == 1);
  CHECK(metric(few, "machines.served") == 1);
}

TEST_CASE("peaks at different times fit where peaks at the same time do not") {
  const Simulation together = run_of(consolidated(1, 8, 1000)),
                   apart = run_of(consolidated(1, 8, 1000, 3 * kHours));
  CHECK(metric(apart, "machines.served") == Approx(1).epsilon(0.001));
  CHECK(metric(together, "machines.served") < 0.9);
}

TEST_CASE("the survivor of two carries all ten, at the peak with less or more to spare: headroom decides") {
  for (const auto& [peak, served] : {std::pair{u16{350}, 1.0}, {u16{800}, 0.8}}) {
    Plan plan = consolidated(2, 10, peak);
    plan.ha.on = true;
    plan.faults = {{5 * kHours, FaultKind::Host, false, 1}};
    // All on one host would be first fit's choice: half of them are put on each.
    plan.machines.push_back(plan.machines[0]);
    plan.machines[0].count = plan.machines[1].count = 5;
    plan.machines[0].host = "server-1";
    plan.machines[1].host = "server-2";
    plan.machines[1].name = "other";
    const Simulation sim = run_of(plan, 7 * kHours);
    CAPTURE(peak);
    CHECK(metric(sim, "restarts") == 5);
    CHECK(metric(sim, "machines.running") == 10);
    const Host& survivor = sim.cluster.hosts[0];
    if (served == 1.0) CHECK(survivor.given == survivor.wanted);
    if (served < 1.0) CHECK(survivor.given * 10 < survivor.wanted * 9);
  }
}

TEST_CASE("availability restarts and balancing moves, each without the other") {
  for (const bool ha : {false, true}) {
    for (const bool drs : {false, true}) {
      Plan plan = consolidated(3, 9, 900);
      plan.machines[0].host = "server-1";
      plan.machines[0].demand = {DemandShape::Constant, 450};
      plan.ha.on = ha;
      plan.balancer.on = drs;
      plan.faults = {{6 * kHours, FaultKind::Host, false, 0}};
      const Simulation sim = run_of(plan, 12 * kHours);
      CAPTURE(ha, drs);
      CHECK((metric(sim, "moves.done") > 0) == drs);
      CHECK((metric(sim, "machines.running") == 9) == ha);
      CHECK((metric(sim, "restarts") > 0) == ha);
    }
  }
}

TEST_CASE("while the manager is down machines run and are restarted, and nothing is moved or balanced") {
  Plan plan = consolidated(3, 9, 900);
  plan.machines[0].host = "server-1";
  plan.ha.on = plan.balancer.on = true;
  plan.faults = {{kSeconds, FaultKind::Manager}, {6 * kHours, FaultKind::Host, false, 0}};
  plan.orders = {{kHours, OrderKind::Move, 0, 1},
                 {2 * kHours, OrderKind::PowerOff, 3},
                 {3 * kHours, OrderKind::PowerOn, 3, 2}};
  const Simulation sim = run_of(plan);
  CHECK(metric(sim, "moves.done") == 0);
  CHECK(metric(sim, "machines.running") == 9);
  CHECK(metric(sim, "restarts") == 8);
  CHECK(sim.cluster.machines[3].host == 2);  // by its host's own login
}

TEST_CASE(
    "without shared storage nothing moves and nothing is restarted elsewhere; a copied disk does move") {
  Plan plan = consolidated(2, 1, 500);
  plan.datastores = {{"here", {}, "server-1", {}}, {"there", {}, "server-2", {}}};
  plan.datastores[0].what.capacity = plan.datastores[1].what.capacity = 1000;
  plan.machines[0].datastore = "here";
  plan.ha.on = true;
  plan.orders = {{kHours, OrderKind::Move, 0, 1}};
  Plan failing = plan;
  failing.faults = {{2 * kHours, FaultKind::Host, false, 0}};
  const Simulation lost = run_of(failing);
  CHECK(metric(lost, "moves.done") == 0);
  CHECK(metric(lost, "machines.running") == 0);
  CHECK(std::ranges::any_of(lost.log, [](const Occurrence& o) {
    return o.what == What::Refused && o.value == static_cast<u64>(Refusal::NoSharedStorage);
  }));
  plan.orders[0].datastore = 1;
  const Simulation copied = run_of(plan);
  CHECK(metric(copied, "moves.done") == 1);
  CHECK(copied.cluster.machines[0].host == 1);
}

TEST_CASE("storage migration evens the load of two arrays") {
  Plan plan = consolidated(2, 8, 1000);
  plan.datastores = {shared_store("san"), shared_store("new")};
  plan.machines[0].what.reads = 500;
  plan.machines[0].demand = {DemandShape::Constant, 400};
  for (Index i = 0; i < 4; ++i) plan.orders.push_back({kHours, OrderKind::MoveDisk, i, kNone, 1});
  Simulation sim = simulation_of(plan);
  run(sim, kHours - 1);
  const u32 before = sim.cluster.datastores[0].served;
  CHECK(before < 800);
  CHECK(sim.cluster.datastores[0].busy == 1000);
  run(sim, 12 * kHours);
  CHECK(metric(sim, "moves.disks") == 4);
  CHECK(sim.cluster.datastores[0].served == 1000);
  CHECK(sim.cluster.datastores[0].busy == sim.cluster.datastores[1].busy);
  CHECK(metric(sim, "machines.downtime") == 0);
}

TEST_CASE("hosts that are not needed at night are off, and back before they are missed") {
  Plan plan = consolidated(4, 16, 900);
  plan.machines[0].what.memory = 1 << 10;
  plan.machines[0].what.size = 4000;
  plan.machines[0].demand.width = 12 * kHours;
  plan.balancer.on = true;
  const Simulation always = run_of(plan, 3 * kDays);
  plan.power.on = true;
  const Simulation saving = run_of(plan, 3 * kDays);
  CHECK(saving.power.switched_off >= 3);
  CHECK(times_switched_on(saving) > 0);
  CHECK(metric(saving, "hosts.energy.kwh") < 0.85 * metric(always, "hosts.energy.kwh"));
  CHECK(metric(saving, "machines.work.gigacycles") > 0.99 * metric(always, "machines.work.gigacycles"));
  CHECK(metric(saving, "machines.downtime.longest") < 30 * kSeconds);
}

TEST_CASE("hosts stay on for those that may fail") {
  Plan plan = consolidated(4, 4, 100);
  plan.balancer.on = plan.power.on = plan.ha.on = true;
  plan.ha.failures = 2;
  const Simulation sim = run_of(plan);
  CHECK(metric(sim, "hosts.on") == 3);
}

TEST_CASE("the log tells names, reasons and figures") {
  Plan plan = consolidated(2, 1, 500);
  plan.machines[0].name = "a \"quoted\" name";
  plan.ha.on = true;
  plan.orders = {{kHours, OrderKind::Move, 0, 1}};
  plan.faults = {{2 * kHours, FaultKind::Host, false, 1}, {3 * kHours, FaultKind::Switch, false, 1}};
  const std::string lines = log_lines(plan, run_of(plan));
  const auto has = [&](const char* text) { return lines.find(text) != std::string::npos; };
  CHECK(has(R"({"ns": 0, "what": "power-on", "machine": "a \"quoted\" name", "host": "server-1"})"));
  CHECK(has(
      R"("what": "moved", "machine": "a \"quoted\" name", "host": "server-1", "to": "server-2", "downtime_ns": )"));
  CHECK(has(R"({"ns": 7200000000000, "what": "fault", "host": "server-2", "of": "host"})"));
  CHECK(has(R"({"ns": 10800000000000, "what": "fault", "switch": "switch-2", "of": "switch"})"));
  CHECK(has(R"("what": "ha-dead", "host": "server-2", "by": "server-1"})"));
}

TEST_CASE("capacity is given to one and taken from another as seasons change") {
  Plan plan = consolidated(1, 2, 1000);
  plan.hosts[0].cores = 2;
  plan.machines[0].demand = {DemandShape::Constant, 1000};
  plan.orders = {{90 * kDays, OrderKind::Resize, 0, kNone, kNone, {3000, kNone, kNone}},
                 {180 * kDays, OrderKind::Resize, 0, kNone, kNone, {0, kNone, kNone}},
                 {180 * kDays, OrderKind::Resize, 1, kNone, kNone, {3000, kNone, kNone}}};
  plan.load_step = kDays;
  Simulation sim = simulation_of(plan);
  run(sim, 10 * kDays);
  CHECK(sim.cluster.machines[0].gets == 2000);
  run(sim, 100 * kDays);
  CHECK(sim.cluster.machines[0].gets == 3000);
  CHECK(sim.cluster.machines[1].gets == 1000);
  run(sim, 270 * kDays);
  CHECK(sim.cluster.machines[1].gets == 3000);
}

TEST_CASE("demand that grows uses up the headroom in the year in which it was said to") {
  Plan plan = consolidated(1, 8, 500);  // 16 000 MHz at its peak of 8 x 4000 x 0.5
  plan.machines[0].demand.high = 400;
  plan.machines[0].demand.growth = 200;
  plan.load_step = kHours;
  Simulation sim = simulation_of(plan);
  run(sim, 30 * kDays);
  CHECK(metric(sim, "hosts.load.highest") == Approx(0.8).epsilon(0.03));
  CHECK(metric(sim, "machines.served") == 1);
  run(sim, 365 * kDays);
  CHECK(metric(sim, "machines.served") == 1);
  run(sim, 730 * kDays);
  CHECK(metric(sim, "hosts.load.highest") == Approx(1.12).epsilon(0.03));
  CHECK(metric(sim, "machines.served") < 1);
}

TEST_CASE("names of nothing are told with those that there are") {
  Plan plan = consolidated(2, 1, 500);
  plan.machines[0].host = "sever-1";
  CHECK_THROWS_WITH(simulation_of(plan), "no host is called 'sever-1'; there are: server-1, server-2");
  plan.machines[0].host.clear();
  plan.machines[0].datastore = "nas";
  CHECK_THROWS_AS(simulation_of(plan), UserError);
  plan.machines[0].datastore = "san";
  plan.migration = "teleport";
  CHECK_THROWS_AS(simulation_of(plan), UserError);
}

}  // namespace hvlab::cluster
