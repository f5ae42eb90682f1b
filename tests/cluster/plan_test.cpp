// Catches what a plan says that the simulation never hears of: ports and their VLANs, rules across groups,
// tasks, machines that are not started, limits of ports, patience.
#include "sim/cluster/plan.hpp"

#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"
#include "sim/cluster/account_metrics.hpp"
#include "sim/cluster/audit.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/cluster/metrics.hpp"

namespace hvlab::cluster {

namespace {

HostPlan hosts_of(const char* name, u32 count) {
  HostPlan hosts;
  hosts.name = name;
  hosts.count = count;
  return hosts;
}

// Hosts of 8 cores of 2000 MHz for each of `hosts`, and machines of two processors at half their time.
Plan plan_of(u32 hosts, std::initializer_list<const char*> groups, u32 each = 1) {
  Plan plan;
  plan.hosts = {hosts_of("host", hosts)};
  for (const char* name : groups) {
    MachinePlan group;
    group.name = name;
    group.count = each;
    group.what.processors = 2;
    group.what.memory = 2 << 10;
    group.what.size = 1000;
    group.demand = {DemandShape::Constant, 500};
    plan.machines.push_back(group);
  }
  return plan;
}

Simulation run_of(const Plan& plan, Nanoseconds time = kHours) {
  Simulation sim = simulation_of(plan);
  run(sim, time);
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
  return sim;
}

double account(const Simulation& sim, const std::string& name) {
  for (const Metric& metric : account_metrics(sim))
    if (metric.name == name) return metric.value;
  FAIL("no such metric: " + name);
  return 0;
}

size_t times(const Simulation& sim, What what) {
  return static_cast<size_t>(std::ranges::count(sim.log, what, &Occurrence::what));
}

Order order_of(Nanoseconds at, OrderKind kind, Index machine, Index host = kNone) {
  Order order;
  order.at = at;
  order.kind = kind;
  order.machine = machine;
  order.host = host;
  return order;
}

}  // namespace

TEST_CASE("a card is plugged into the switch that is said, and its port carries the VLANs that are said") {
  Plan plan = plan_of(2, {"x"});
  plan.machines[0].host = "host-1";
  plan.hosts[0].ports = {{1, ~u64{0}, 10'000}, {0, 0b10, 100}};
  PortGroup& migration = plan.groups[static_cast<size_t>(Purpose::Migration)];
  migration.vlan = 1;
  migration.cards = 0b10;
  plan.orders = {order_of(kMinutes, OrderKind::Move, 0, 1)};
  const Simulation moved = run_of(plan);
  CHECK(moved.cluster.nics[0].to == 1);
  CHECK(moved.cluster.nics[3].to == 0);
  CHECK(moved.cluster.nics[2].mbps == 10'000);
  CHECK(moved.cluster.nics[3].mbps == 100);
  CHECK(times(moved, What::Moved) == 1);
  migration.vlan = 2;  // which no port of card 1 carries
  const Simulation refused = run_of(plan);
  CHECK(times(refused, What::Moved) == 0);
  REQUIRE(times(refused, What::Refused) == 1);
  plan.hosts[0].ports[0].to = 2;
  CHECK_THROWS_AS(simulation_of(plan), UserError);
}

TEST_CASE("rules hold machines of different groups together and apart") {
  Plan plan = plan_of(3, {"web", "db"}, 2);
  plan.packing = Packing::FirstFit;
  plan.rules = {{PlaceRule::Apart, {"web-1", "db-1"}}, {PlaceRule::Together, {"web-1", "db-2"}}};
  const Simulation sim = run_of(plan);
  const auto& machines = sim.cluster.machines;  // web-1, web-2, db-1, db-2
  CHECK(machines[0].host != machines[2].host);
  CHECK(machines[0].host == machines[3].host);
  CHECK(machines[1].apart == 0);
  plan.rules[0].machines[0] = "nobody";
  CHECK_THROWS_AS(simulation_of(plan), UserError);
}

TEST_CASE("a machine does its tasks side by side and then wants nothing") {
  Plan plan = plan_of(1, {"batch", "other"});
  plan.hosts[0].cores = 1;
  plan.hosts[0].core_mhz = 1000;
  MachinePlan& batch = plan.machines[0];
  batch.what.processors = 1;
  batch.has_tasks = true;
  batch.tasks = {{0, 2, 100'000}, {kHours, 1, 60'000}};
  plan.machines.pop_back();
  const Simulation sim = run_of(plan, 2 * kHours);
  REQUIRE(sim.tasks.size() == 3);
  CHECK(sim.tasks[0].ended == 200 * kSeconds);
  CHECK(sim.tasks[1].ended == 200 * kSeconds);
  CHECK(sim.tasks[2].ended == kHours + 60 * kSeconds);
  CHECK(account(sim, "tasks.given") == 3);
  CHECK(account(sim, "tasks.done") == 3);
  CHECK(account(sim, "tasks.time") == Approx(460e9 / 3));
  CHECK(account(sim, "tasks.time.longest") == 200e9);
  CHECK(account(sim, "tasks.last") == 3660e9);
  CHECK(metric(sim, "machines.work.gigacycles") == Approx(260));
  // Without tasks it wants nothing, whatever its demand says.
  plan.machines[0].tasks.clear();
  CHECK(metric(run_of(plan), "machines.work.gigacycles") == 0);
}

TEST_CASE("tasks are told of by group") {
  Plan plan = plan_of(1, {"one", "two"}, 2);
  for (MachinePlan& group : plan.machines) group.has_tasks = true;
  plan.machines[1].tasks = {{0, 1, 2000}};
  Simulation sim = simulation_of(plan);
  Hours hours(sim, {2, 2});
  run(sim, kHours);
  hours.look(sim);
  hours.finish();
  const auto value = [&](const std::string& name) {
    for (const Metric& metric : metrics_of(plan, sim, hours))
      if (metric.name == name) return metric.value;
    return -1.0;
  };
  CHECK(value("group.one.tasks.done") == 0);
  CHECK(value("group.two.tasks.done") == 2);
  CHECK(value("group.two.tasks.last") == 1e9);
}

TEST_CASE("a machine that is not to start is off and not missed until somebody starts it") {
  Plan plan = plan_of(2, {"on", "later"});
  plan.machines[1].starts = false;
  plan.machines[1].host = "host-2";
  plan.orders = {order_of(30 * kMinutes, OrderKind::PowerOn, 1)};
  Simulation sim = simulation_of(plan);
  run(sim, 20 * kMinutes);
  CHECK_FALSE(sim.cluster.machines[1].is_on());
  CHECK(metric(sim, "machines.downtime") == 0);
  run(sim, kHours);
  CHECK(sim.cluster.machines[1].is_on());
  CHECK(metric(sim, "refused") == 0);
}

// Catches a machine that is told of twice, or with a reason that is not its own.
TEST_CASE("each machine that is refused at the start is told of once, with what is lacking and where") {
  Plan plan = plan_of(2, {"x"}, 20);
  plan.machines[0].what.size = 100;
  const auto refused = [](const Simulation& sim) {
    std::vector<std::pair<Occurrence, Explained>> all;
    for (size_t place = 0; place < sim.log.size(); ++place)
      if (sim.log[place].what == What::Refused) {
        REQUIRE(explanation_of(sim, place) != nullptr);
        all.emplace_back(sim.log[place], *explanation_of(sim, place));
      }
    return all;
  };
  SECTION("room is kept for a host") {  // of 16 slots of 2 GiB in each
    plan.ha.on = true;
    plan.ha.admission = Admission::HostFailures;
    const auto all = refused(simulation_of(plan));
    REQUIRE(all.size() == 4);
    for (const auto& [told, explained] : all) {
      CHECK(told.value == static_cast<u64>(Refusal::Spare));
      REQUIRE(explained.parts.size() == 1);
      CHECK(explained.parts[0].lack.of == Lack::Of::Slots);
      CHECK(explained.parts[0].lack.amount == 1);
    }
  }
  SECTION("a part of all memory is kept") {
    plan.ha.on = true;
    plan.ha.admission = Admission::Part;
    plan.ha.part = 500;
    const auto all = refused(simulation_of(plan));
    REQUIRE(all.size() == 4);
    CHECK(all[0].second.parts[0].lack.of == Lack::Of::Memory);
    CHECK(all[0].second.parts[0].lack.amount == 2048);
  }
  SECTION("no host has so much, and one is not for it") {
    plan.hosts.push_back(hosts_of("large", 1));
    plan.hosts[1].memory = 48 << 10;
    plan.machines[0].count = 1;
    plan.machines[0].what.memory = 50 << 10;
    plan.machines[0].hosts = {"host-1", "host-2", "large"};
    plan.hosts.push_back(hosts_of("other", 2));
    plan.hosts[2].memory = 1 << 20;
    const auto all = refused(simulation_of(plan));
    REQUIRE(all.size() == 1);
    CHECK(all[0].first.value == static_cast<u64>(Refusal::NoHost));
    CHECK(all[0].second.of_all_hosts);
    const auto& parts = all[0].second.parts;
    REQUIRE(parts.size() == 2);
    CHECK((parts[0].why == Refusal::NoMemory && parts[0].hosts == 3));
    CHECK((parts[0].lack.amount == 2048 && parts[0].host == 2));
    CHECK((parts[1].why == Refusal::RuleHosts && parts[1].hosts == 2 && parts[1].host == 3));
  }
  SECTION("its fellows are everywhere") {
    plan.machines[0].count = 3;
    plan.machines[0].apart = true;
    const Simulation sim = simulation_of(plan);
    const auto all = refused(sim);
    REQUIRE(all.size() == 1);
    REQUIRE(all[0].second.parts.size() == 1);
    CHECK(all[0].second.parts[0].why == Refusal::RuleApart);
    CHECK(all[0].second.parts[0].hosts == 2);
    CHECK(all[0].second.parts[0].with == 0);
    CHECK_THAT(log_lines(plan, sim),
               Catch::Contains(
                   R"("machine": "x-3", "why": "no host takes it", "hosts": [{"why": "one that it is to )"
                   R"(be apart from is there", "hosts": 2, "host": "host-1", "with": "x-1"}]})"));
  }
  SECTION("what they are planned with fills the hosts") {
    plan.machines[0].count = 3;
    plan.machines[0].what.size = 9000;
    const auto all = refused(simulation_of(plan));
    REQUIRE(all.size() == 1);
    const RefusalPart& part = all[0].second.parts.at(0);
    CHECK((part.why == Refusal::NoPlannedTime && part.hosts == 2 && part.lack.amount == 2000));
  }
  SECTION("where it is to be there is no room") {
    plan.machines[0].count = 17;
    plan.machines[0].host = "host-2";
    const Simulation sim = simulation_of(plan);
    const auto all = refused(sim);
    REQUIRE(all.size() == 1);
    CHECK(all[0].first.host == 1);
    CHECK_FALSE(all[0].second.of_all_hosts);
    CHECK_THAT(log_lines(plan, sim),
               Catch::Contains(R"("host": "host-2", "why": "not enough memory", "lacks_mib": 2048})"));
  }
}

TEST_CASE("a port of the virtual switch lets its limit through in each direction, and the rest is missed") {
  Plan plan = plan_of(1, {"free", "shaped"});
  for (MachinePlan& group : plan.machines) {
    group.demand.low = 1000;
    group.what.packets = 20'000;
    group.what.packet_bytes = 1000;  // 10 MB/s in each direction
  }
  plan.machines[1].what.port_mbps = 20;  // 2.5 MB/s
  const Simulation sim = run_of(plan);
  CHECK(metric(sim, "machines.traffic") == Approx(3600 * (20e6 + 5e6)).epsilon(1e-3));
  CHECK(metric(sim, "machines.traffic.served") == Approx(25.0 / 40).epsilon(1e-3));
}

TEST_CASE("a host that stays on is not switched off, and others only after they could be for so long") {
  Plan plan = plan_of(3, {"x"});
  plan.machines[0].host = "host-1";
  plan.ha.on = false;
  plan.balancer.on = true;
  plan.power.on = true;
  const auto off_at = [&](const Simulation& sim) {
    const auto found = std::ranges::find(sim.log, What::SwitchedOff, &Occurrence::what);
    return found == sim.log.end() ? kForever : found->at;
  };
  const Nanoseconds at_once = off_at(run_of(plan, kDays));
  CHECK(at_once < 30 * kMinutes);
  plan.power.after = 40 * kMinutes;
  const Nanoseconds later = off_at(run_of(plan, kDays));
  CHECK(later >= at_once + 40 * kMinutes);
  CHECK(later <= at_once + 45 * kMinutes);
  plan.hosts[0].stays_on = true;
  CHECK(off_at(run_of(plan, kDays)) == kForever);
}

TEST_CASE("a move without end is given up in time, or cancelled") {
  Plan plan = plan_of(2, {"x"});
  plan.migration = "kvm";
  plan.machines[0].host = "host-1";
  plan.machines[0].what.memory = 4 << 10;
  plan.machines[0].demand.low = 1000;
  plan.machines[0].writes = {{{{500'000, 200'000}}}};
  plan.orders = {order_of(kMinutes, OrderKind::Move, 0, 1)};
  const Simulation on_and_on = run_of(plan);
  CHECK(on_and_on.moves.all[0].phase == MovePhase::Rounds);
  CHECK(on_and_on.moves.all[0].rounds.size() > 100);
  plan.precopy.patience = 100 * kSeconds;
  const Simulation given_up = run_of(plan);
  CHECK(given_up.moves.all[0].why == Refusal::NoProgress);
  CHECK(given_up.moves.all[0].ended == 160 * kSeconds);
  CHECK(given_up.cluster.machines[0].down == 0);
  plan.precopy = {};
  plan.orders.push_back(order_of(3 * kMinutes, OrderKind::CancelMove, 0));
  const Simulation cancelled = run_of(plan);
  CHECK(cancelled.moves.all[0].why == Refusal::Cancelled);
  CHECK(cancelled.moves.all[0].ended == 3 * kMinutes);
  CHECK(cancelled.cluster.machines[0].host == 0);
}

TEST_CASE("downtime and bandwidth of a policy can be other") {
  Plan plan = plan_of(2, {"x"});
  plan.migration = "kvm";
  plan.machines[0].host = "host-1";
  plan.machines[0].demand.low = 1000;
  plan.machines[0].writes = {{{{200'000, 10'000}}}};
  plan.orders = {order_of(kMinutes, OrderKind::Move, 0, 1)};
  const auto move = [&] { return run_of(plan).moves.all[0]; };
  const Move usual = move();
  plan.precopy.downtime_goal = 2 * kSeconds;
  const Move longer = move();
  CHECK(longer.rounds.size() < usual.rounds.size());
  CHECK(longer.downtime > usual.downtime);
  plan.precopy = {};
  plan.precopy.most_bandwidth = 62'500'000;
  const Move slower = move();
  CHECK(slower.rounds[0].lasted == 2 * usual.rounds[0].lasted);
}

TEST_CASE("the manager's standby, pooled parts and lost machines wait as long as the plan says") {
  Plan plan = plan_of(3, {"x"});
  plan.manager_standbys = 1;
  plan.manager_takeover = kMinutes;
  plan.starts_with_host = false;
  DatastorePlan pool;
  pool.name = "pool";
  pool.what.kind = StorageKind::Pooled;
  pool.what.capacity = 1000;
  pool.members = {"host-1", "host-2", "host-3"};
  pool.repair_after = 10 * kMinutes;
  plan.datastores = {pool};
  const Simulation sim = simulation_of(plan);
  CHECK(sim.manager.takeover == kMinutes);
  CHECK_FALSE(sim.starts_with_host);
  CHECK(sim.cluster.pool.repair_after == 10 * kMinutes);
}

}  // namespace hvlab::cluster
