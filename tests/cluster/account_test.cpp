// Catches windows that count what was before or after them, sums that miss a change of rates, and metrics of
// a name twice.
#include "sim/cluster/account.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "sim/cluster/account_metrics.hpp"
#include "sim/cluster/metrics.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

double of(const Simulation& sim, const std::string& name) {
  const std::vector<Metric> all = account_metrics(sim);
  const auto found = std::ranges::find(all, name, &Metric::name);
  REQUIRE(found != all.end());
  return found->value;
}

}  // namespace

TEST_CASE("a window counts what happens in it alone") {
  Simulation sim = small(2);
  power_on(sim, add_machine(sim, 500), 0);
  sim.windows = {{"first", 0, kHours}, {"second", kHours, 3 * kHours}, {"late", 5 * kHours, 6 * kHours}};
  sim.faults = {{2 * kHours, FaultKind::Host, false, 0}};
  prepare(sim);
  run(sim, 4 * kHours);
  CHECK(of(sim, "window.first.machines.downtime") == 0);
  CHECK(of(sim, "window.first.machines.served") == 1);
  CHECK(of(sim, "window.first.machines.wanted.ghz") == 2);
  CHECK(of(sim, "window.first.hosts.on.mean") == 2);
  CHECK(of(sim, "window.first.hosts.energy.kwh") == Approx(0.1125 + 0.1));  // an eighth of one's load
  CHECK(of(sim, "window.second.machines.downtime") == kHours);
  CHECK(of(sim, "window.second.hosts.on.mean") == 1.5);
  CHECK(of(sim, "window.second.machines.wanted.ghz") == 1);
  std::set<std::string> names;
  for (const Metric& each : account_metrics(sim)) {
    CHECK(!each.name.starts_with("window.late."));
    CHECK(names.insert(each.name).second);
  }
}

TEST_CASE("a window that has not ended counts until now") {
  Simulation sim = small(1);
  power_on(sim, add_machine(sim, 500), 0);
  sim.windows = {{"all", kHours, 9 * kHours}};
  prepare(sim);
  run(sim, 3 * kHours);
  CHECK(of(sim, "window.all.machines.work.own.gigacycles") == 2 * 7200);
}

TEST_CASE(
    "overload is the time in which a host's machines want more than it has; own work is without the way's") {
  Simulation sim = small(1);
  sim.cluster.hosts[0].cores = 3;
  sim.cluster.overheads[0].disk_request = 100'000;
  for (Index i = 0; i < 2; ++i) {
    const Index vm = add_machine(sim);
    sim.cluster.demands[i] = {DemandShape::Peak, 0, 1000, 0, 0, 4 * kHours, 2 * kHours, 2 * kHours};
    sim.cluster.machines[vm].reads = 1000;
    power_on(sim, vm, 0);
  }
  prepare(sim);
  run(sim, 4 * kHours);
  CHECK(of(sim, "hosts.overloaded") > 0.1);  // near the peak
  CHECK(of(sim, "hosts.overloaded") < 0.25);
  CHECK(of(sim, "machines.request.cycles") == 100'000);
  CHECK(of(sim, "machines.work.own.gigacycles") < metric(sim, "machines.work.gigacycles"));
  CHECK(of(sim, "machines.wanted.most.ghz") == Approx(8));
}

TEST_CASE("peaks are together if they are at once, and less if they are apart") {
  for (const auto& [later, together] : {std::pair{Nanoseconds{0}, 1.0}, {6 * kHours, 0.5}}) {
    Simulation sim = small(1);
    for (Index i = 0; i < 2; ++i) {
      power_on(sim, add_machine(sim), 0);
      sim.cluster.demands[i] = {DemandShape::Peak, 0, 800, 0, 0, kDays, 6 * kHours + i * later, 4 * kHours};
    }
    prepare(sim);
    run(sim, kDays);
    CHECK(of(sim, "machines.peaks.together") == Approx(together));
  }
}

TEST_CASE("requests, their time and datastores that are busy apart from each other") {
  Simulation sim = small(1);
  sim.cluster.datastores.push_back(sim.cluster.datastores[0]);
  const Index vm = add_machine(sim, 1000);
  sim.cluster.machines[vm].reads = 400;  // half of what 8 disks can
  power_on(sim, vm, 0);
  prepare(sim);
  run(sim, kHours);
  CHECK(of(sim, "disks.served") == 1);
  CHECK(of(sim, "disks.apart") == Approx(0.5).epsilon(0.02));
  CHECK(of(sim, "disks.response") == Approx(20e6).epsilon(0.05));
  CHECK(metric(sim, "machines.requests") == Approx(400 * 3600).epsilon(0.02));
}

TEST_CASE("orders are counted by whether the manager had to be there, and how long it was not") {
  Simulation sim = small(2);
  const Index on = add_machine(sim);
  add_machine(sim);
  add_machine(sim);
  power_on(sim, on, 0);
  sim.faults = {{kHours, FaultKind::Manager}, {2 * kHours, FaultKind::Manager, true}};
  sim.orders = {{kHours + kMinutes, OrderKind::PowerOn, 1},
                {kHours + kMinutes, OrderKind::PowerOn, 2, 1},
                {kHours + kMinutes, OrderKind::Move, 0, 1},
                {3 * kHours, OrderKind::PowerOn, 1}};
  sim.windows = {{"outage", kHours, 2 * kHours}};
  prepare(sim);
  run(sim, 4 * kHours);
  CHECK(of(sim, "window.outage.manager.away") == 1);
  CHECK(of(sim, "manager.away") == 0.25);
  CHECK(of(sim, "window.outage.orders.manager.asked") == 2);
  CHECK(of(sim, "window.outage.orders.manager.done") == 0);
  CHECK(of(sim, "window.outage.orders.host.done") == 1);
  CHECK(of(sim, "orders.manager.done") == 1);
  CHECK(sim.cluster.machines[1].is_on());
}

}  // namespace hvlab::cluster
