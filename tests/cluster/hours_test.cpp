// Would catch: a peak that is the mean, an hour that is counted twice or not at all, a timeline that begins
// at another occurrence than the fault.
#include "sim/cluster/hours.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/metrics.hpp"
#include "sim/cluster/plan.hpp"
#include "sim/cluster/timelines.hpp"

namespace hvlab::cluster {

namespace {

Plan one_host(DemandShape shape) {
  Plan plan;
  plan.hosts.emplace_back().name = "server";
  plan.hosts[0].cores = 4;
  plan.hosts[0].core_mhz = 1000;
  MachinePlan machine;
  machine.name = "app";
  machine.what.processors = 4;
  machine.what.memory = 1 << 10;
  machine.demand.shape = shape;
  machine.demand.low = 100;
  machine.demand.high = 900;
  machine.demand.period = 4 * kHours;
  machine.demand.phase = 90 * kMinutes;
  machine.demand.width = kHours;
  plan.machines = {machine};
  return plan;
}

Hours seen(Simulation& sim, Nanoseconds until, Nanoseconds step = kMinutes) {
  Hours hours(sim, {static_cast<u32>(sim.cluster.machines.size())});
  for (Nanoseconds at = step; at <= until; at += step) {
    run(sim, at);
    hours.look(sim);
  }
  hours.finish();
  return hours;
}

}  // namespace

TEST_CASE("the busiest hour is an hour's, whatever the others do") {
  Simulation sim = simulation_of(one_host(DemandShape::Peak));
  const Hours hours = seen(sim, 4 * kHours);
  // A peak of an hour from a tenth to nine tenths, half of that on average, in the second hour.
  CHECK(hours.hosts_used.most == Approx(0.5).epsilon(0.02));
  CHECK(hours.hosts_used.ratio() == Approx(0.2).epsilon(0.02));
  CHECK(hours.hosts_used.least == Approx(0.1).epsilon(0.02));
  CHECK(hours.host_used[0].most == hours.hosts_used.most);
}

TEST_CASE("a run under an hour is one, and a rest of an hour is none") {
  Simulation brief = simulation_of(one_host(DemandShape::Constant));
  CHECK(seen(brief, 10 * kMinutes).hosts_used.most == Approx(0.1));
  Simulation longer = simulation_of(one_host(DemandShape::Peak));
  CHECK(seen(longer, 80 * kMinutes).hosts_used.most ==
        Approx(0.1).epsilon(0.02));  // the peak's rise is not over
}

TEST_CASE("looking changes nothing") {
  Simulation looked = simulation_of(one_host(DemandShape::Peak)),
             alone = simulation_of(one_host(DemandShape::Peak));
  seen(looked, 4 * kHours);
  run(alone, 4 * kHours);
  CHECK(looked.cluster.hosts[0].used == alone.cluster.hosts[0].used);
  CHECK(looked.cluster.hosts[0].energy == alone.cluster.hosts[0].energy);
}

TEST_CASE("a group that wants more than there is is served in part, by the hour") {
  Plan plan = one_host(DemandShape::Peak);
  plan.machines[0].count = 2;
  Simulation sim = simulation_of(plan);
  const Hours hours = seen(sim, 4 * kHours);
  CHECK(hours.group_served[0].least < hours.group_served[0].ratio());
  CHECK(hours.group_served[0].most == 1);
  CHECK(hours.machines_served.least == hours.group_served[0].least);
}

TEST_CASE("detection and restart are told from the fault") {
  Plan plan;
  plan.hosts.emplace_back().name = "server";
  plan.hosts[0].count = 3;
  DatastorePlan store;
  store.name = "san";
  store.what.kind = StorageKind::FibreChannel;
  store.what.capacity = 1000;
  plan.datastores = {store};
  MachinePlan machine;
  machine.name = "app";
  machine.count = 2;
  machine.what.memory = 1 << 10;
  machine.datastore = "san";
  machine.host = "server-2";
  plan.machines = {machine};
  plan.ha.on = true;
  plan.faults = {{10 * kMinutes, FaultKind::Host, false, 1}, {20 * kMinutes, FaultKind::Card, false, 0}};
  Simulation sim = simulation_of(plan);
  const Hours hours = seen(sim, kHours);
  CHECK(detection_times(sim) == std::vector<Nanoseconds>{18 * kSeconds});
  CHECK(restart_times(sim) == std::vector<Nanoseconds>{18 * kSeconds, 18 * kSeconds});
  // Under the names that people ask for.
  const std::vector<Metric> metrics = metrics_of(plan, sim, hours);
  const auto value = [&](const std::string& name) {
    const auto found = std::ranges::find(metrics, name, &Metric::name);
    REQUIRE(found != metrics.end());
    return found->value;
  };
  CHECK(value("ha.restart.longest") == 18e9);
  CHECK(value("group.app.restarts") == 2);
  CHECK(value("group.app.downtime.longest") == 18e9);
  CHECK(value("host.server-2.machines") == 0);
  CHECK(value("machines.available") == Approx(1 - 18.0 / 3600));
  CHECK(metrics.size() == metric_patterns().size() + 2 * 5);  // three hosts, one datastore, one group
}

}  // namespace hvlab::cluster
