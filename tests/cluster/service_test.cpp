// Catches a host that is switched off with machines on it, and machines that are stopped though they could
// move, or are forgotten.
#include "sim/cluster/service.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "sim/cluster/metrics.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

void check_laws(Simulation& sim) {
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

Order service_of(Index host, Nanoseconds at) {
  Order order;
  order.at = at;
  order.kind = OrderKind::Service;
  order.host = host;
  order.lasts = kHours;
  return order;
}

}  // namespace

TEST_CASE("what can move moves, and the host is off and back") {
  Simulation sim = small(2);
  for (int i = 0; i < 3; ++i) power_on(sim, add_machine(sim), 0);
  sim.orders = {service_of(0, kHours)};
  prepare(sim);
  run(sim, kHours + 30 * kMinutes);
  CHECK(sim.cluster.hosts[0].state == HostState::Off);
  CHECK(sim.cluster.hosts[1].machines.size() == 3);
  check_laws(sim);
  run(sim, 4 * kHours);
  CHECK(sim.cluster.hosts[0].takes_machines());
  CHECK(sim.services[0].over);
  CHECK(sim.account.stopped_for_service == 0);
  CHECK(metric(sim, "moves.done") == 3);
  for (Index i = 0; i < 3; ++i) CHECK(down_time(sim, i) < 5 * kSeconds);
}

TEST_CASE("what cannot move is started elsewhere, or waits for its host where there is no room") {
  for (const bool ha : {false, true}) {
    Simulation sim = small(2);
    sim.ha.on = ha;
    sim.cluster.overheads[0].migrates = false;
    sim.cluster.overheads[0].services = 10 * kSeconds;
    for (int i = 0; i < 3; ++i) power_on(sim, add_machine(sim), 0);
    sim.cluster.machines[2].memory = 32 << 10;  // that the other host has not
    sim.cluster.hosts[1].memory = 16 << 10;
    sim.cluster.hosts[0].committed += 28 << 10;
    sim.orders = {service_of(0, kHours)};
    prepare(sim);
    run(sim, kHours + 30 * kMinutes);
    CAPTURE(ha);
    CHECK(sim.cluster.hosts[0].state == HostState::Off);
    CHECK(sim.cluster.hosts[1].machines.size() == 2);
    CHECK(waits_for_service(sim, 2) == 1);
    check_laws(sim);
    run(sim, 4 * kHours);
    CHECK(sim.account.stopped_for_service == 3);
    CHECK(metric(sim, "machines.running") == 3);
    CHECK(seconds(down_time(sim, 0)) == 10);
    CHECK(seconds(down_time(sim, 2)) == 3610);
    check_laws(sim);
  }
}

TEST_CASE("a host that breaks while it is serviced leaves nobody forgotten") {
  Simulation sim = small(2);
  sim.ha.on = true;
  sim.cluster.overheads[0].migrates = false;
  power_on(sim, add_machine(sim), 0);
  sim.cluster.hosts[1].memory = 1 << 10;
  sim.orders = {service_of(0, kHours)};
  sim.faults = {{kHours + 10 * kMinutes, FaultKind::Host, false, 0}, {9 * kHours, FaultKind::Host, true, 0}};
  prepare(sim);
  run(sim, 3 * kHours);
  check_laws(sim);
  run(sim, 10 * kHours);
  check_laws(sim);
}

TEST_CASE("without the manager nothing is serviced") {
  Simulation sim = small(2);
  sim.manager.up = false;
  prepare(sim);
  CHECK(begin_service(sim, 0, kHours) == Refusal::NoManager);
  CHECK(sim.services.empty());
}

}  // namespace hvlab::cluster
