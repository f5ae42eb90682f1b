// Catches replicas on one host, machines that run without their disk's quorum, parts that are built anew too
// early, too late or from what is behind, and data that is lost without a word.
#include "sim/cluster/pool.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "sim/cluster/random.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

// `hosts` hosts with a pool of all their disks, each with a machine.
Simulation pooled(unsigned hosts, u32 tolerates = 1) {
  Simulation sim = small(hosts);
  Datastore store = sim.cluster.datastores[0];
  store.kind = StorageKind::Pooled;
  sim.cluster.datastores.push_back(store);
  sim.cluster.pool.datastore = 1;
  sim.cluster.pool.tolerates = tolerates;
  for (Index host = 0; host < hosts; ++host) sim.cluster.pool.hosts.push_back(host);
  sim.ha.on = true;
  for (Index host = 0; host < hosts; ++host) {
    const Index vm = add_machine(sim, 500, 1);
    CHECK(add_pooled_disk(sim.cluster, vm) == Refusal::None);
    CHECK(power_on(sim, vm, host) == Refusal::None);
  }
  return sim;
}

void check_laws(Simulation& sim) {
  for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
}

size_t available(const Simulation& sim) {
  return static_cast<size_t>(std::ranges::count_if(sim.cluster.pool.disks, is_available));
}

}  // namespace

TEST_CASE("three hosts' disks are one datastore for all three; two are too few") {
  Simulation sim = pooled(3);
  CHECK(available(sim) == 3);
  for (Index host = 0; host < 3; ++host)
    for (Index vm = 0; vm < 3; ++vm) CHECK(reaches_disk(sim.cluster, host, vm));
  for (const PooledDisk& disk : sim.cluster.pool.disks) CHECK(disk.parts.size() == 3);
  check_laws(sim);
  sim.cluster.pool.hosts.pop_back();
  CHECK(add_pooled_disk(sim.cluster, add_machine(sim, 500, 1)) == Refusal::NoHost);
}

TEST_CASE("of three hosts one may fail: its machine is restarted on the others, and nobody else notices") {
  Simulation sim = pooled(3);
  sim.faults = {{kMinutes, FaultKind::Host, false, 1}};
  prepare(sim);
  run(sim, 10 * kMinutes);
  CHECK(available(sim) == 3);
  for (const VirtualMachine& vm : sim.cluster.machines) CHECK(vm.state == VmState::Running);
  CHECK(sim.cluster.machines[0].down == 0);
  CHECK(sim.cluster.machines[1].down == 18 * kSeconds);
  check_laws(sim);
}

TEST_CASE(
    "when two of three fail everything stands still, nothing is lost, and it goes on when one is back") {
  Simulation sim = pooled(3);
  sim.faults = {{kMinutes, FaultKind::Host, false, 1},
                {2 * kMinutes, FaultKind::Host, false, 2},
                {kHours / 2, FaultKind::Host, true, 2}};
  prepare(sim);
  run(sim, 10 * kMinutes);
  CHECK(available(sim) == 0);
  CHECK(sim.cluster.machines[0].wants == 0);
  check_laws(sim);
  run(sim, kHours / 2 + 5 * kMinutes);
  CHECK(available(sim) == 3);
  CHECK(sim.cluster.machines[0].down == kHours / 2 - 2 * kMinutes);
  CHECK(times(sim, What::DataLost) == 0);
  for (const VirtualMachine& vm : sim.cluster.machines) CHECK(vm.state == VmState::Running);
  check_laws(sim);
}

TEST_CASE(
    "a host that is away for an hour is given up and its parts are built on the others, if there are "
    "enough") {
  for (const unsigned hosts : {3u, 5u}) {
    Simulation sim = pooled(hosts);
    sim.faults = {{kMinutes, FaultKind::Host, false, 1}};
    prepare(sim);
    run(sim, kHours);
    CHECK(times(sim, What::Rebuilt) == 0);
    run(sim, 3 * kHours);
    CAPTURE(hosts);
    CHECK((times(sim, What::Rebuilt) > 0) == (hosts == 5));
    if (hosts == 5) {
      // Whole again: a second host may fail.
      for (const PooledDisk& disk : sim.cluster.pool.disks)
        for (const Part& part : disk.parts) CHECK(part.state == PartState::Active);
      CHECK(sim.cluster.nics[0].sent > 0);
    }
    check_laws(sim);
  }
}

TEST_CASE("a host that comes back is behind: its replicas are brought up to date before they count") {
  Simulation sim = pooled(3);
  sim.faults = {{kMinutes, FaultKind::Host, false, 1}, {10 * kMinutes, FaultKind::Host, true, 1}};
  prepare(sim);
  run(sim, 10 * kMinutes);
  const auto rebuilding = [&] {
    size_t count = 0;
    for (const PooledDisk& disk : sim.cluster.pool.disks)
      count += static_cast<size_t>(std::ranges::count(disk.parts, PartState::Rebuilding, &Part::state));
    return count;
  };
  CHECK(rebuilding() > 0);
  check_laws(sim);
  run(sim, 2 * kHours);
  CHECK(rebuilding() == 0);
  check_laws(sim);
}

TEST_CASE("broken disks: the first costs redundancy, those of the last replica the data, and that is told") {
  Simulation sim = pooled(3);
  sim.faults = {{kMinutes, FaultKind::PoolDisks, false, 0}};
  prepare(sim);
  run(sim, 10 * kMinutes);
  CHECK(available(sim) == 3);
  CHECK(times(sim, What::DataLost) == 0);
  happens(sim, {0, FaultKind::PoolDisks, false, 1});
  CHECK(times(sim, What::DataLost) == 1);  // of the disk whose replicas were on hosts 0 and 1
  check_laws(sim);
}

TEST_CASE("replaced disks are filled again") {
  Simulation sim = pooled(3);
  sim.faults = {{kMinutes, FaultKind::PoolDisks, false, 0}, {kHours, FaultKind::PoolDisks, true, 0}};
  prepare(sim);
  run(sim, 5 * kHours);
  for (const PooledDisk& disk : sim.cluster.pool.disks)
    for (const Part& part : disk.parts) CHECK(part.state == PartState::Active);
  check_laws(sim);
}

TEST_CASE("nothing is built on a host whose disks are broken, and the pool is slower without it") {
  Simulation sim = pooled(5);
  sim.faults = {{kMinutes, FaultKind::PoolDisks, false, 0}, {2 * kMinutes, FaultKind::Host, false, 1}};
  prepare(sim);
  run(sim, 10 * kHours);
  for (const PooledDisk& disk : sim.cluster.pool.disks)
    for (const Part& part : disk.parts) CHECK((part.host != 0 || part.state == PartState::Gone));
  CHECK(sim.cluster.datastores[1].present == 600);
  check_laws(sim);
}

TEST_CASE("a replica that missed writes is never served, also if the disk was away when somebody looked") {
  // Replicas on hosts 0 and 1, a witness on 2. With 0 and 2 there it is written, without 1; then 0 leaves
  // before 1 is back, and its disks break: what 1 has is old, and that is told.
  Simulation sim = pooled(3);
  sim.faults = {{1 * kMinutes, FaultKind::Host, false, 2},      {2 * kMinutes, FaultKind::Host, false, 1},
                {3 * kMinutes, FaultKind::Host, true, 2},       {4 * kMinutes, FaultKind::Host, false, 0},
                {5 * kMinutes, FaultKind::PoolDisks, false, 0}, {6 * kMinutes, FaultKind::Host, true, 1}};
  prepare(sim);
  run(sim, 10 * kMinutes);
  const PooledDisk& disk = sim.cluster.pool.disks[0];
  REQUIRE((disk.parts[0].host == 0 && disk.parts[1].host == 1));
  CHECK(disk.lost);
  CHECK(!is_available(disk));
  check_laws(sim);
}

TEST_CASE("a copy of a disk that breaks meanwhile is not finished") {
  Simulation sim = pooled(3);
  sim.faults = {{kMinutes, FaultKind::PoolDisks, false, 1},
                {2 * kMinutes, FaultKind::PoolDisks, true, 1},
                {2 * kMinutes + kSeconds, FaultKind::PoolDisks, false, 0}};
  prepare(sim);
  run(sim, kHours);
  CHECK(sim.cluster.pool.disks[0].lost);
  CHECK(!is_available(sim.cluster.pool.disks[0]));
  check_laws(sim);
}

TEST_CASE("two failures are tolerated with five hosts and three replicas") {
  Simulation sim = pooled(5, 2);
  sim.faults = {{kMinutes, FaultKind::Host, false, 1}, {2 * kMinutes, FaultKind::Host, false, 2}};
  prepare(sim);
  run(sim, 10 * kMinutes);
  CHECK(available(sim) == 5);
  check_laws(sim);
}

TEST_CASE("random faults break no law, and data is never lost by hosts that come and go") {
  size_t rebuilt = 0;
  for (u64 seed = 1; seed <= 100; ++seed) {
    const auto draw = [&](u32 below, u64 i, u64 step) {
      return random_below(below, seed, Draw::Fault, i, step);
    };
    const unsigned hosts = 3 + draw(4, 0, 0);
    Simulation sim = pooled(hosts);
    const bool disks_too = seed % 2 == 0;
    for (u64 i = 1; i <= 15; ++i) {
      Fault fault;
      fault.at = draw(20 * 3600, i, 1) * kSeconds;
      constexpr FaultKind kKinds[] = {FaultKind::Host, FaultKind::Card, FaultKind::Partition,
                                      FaultKind::PoolDisks};
      fault.kind = kKinds[draw(disks_too ? 4 : 3, i, 2)];
      fault.subject = draw(hosts, i, 3) * (fault.kind == FaultKind::Card ? 2 : 1);
      if (fault.kind == FaultKind::Partition) fault.hosts = {draw(hosts, i, 4), draw(hosts, i, 5)};
      sim.faults.push_back(fault);
      fault.at += (1 + draw(3 * 3600, i, 6)) * kSeconds;
      fault.mended = true;
      sim.faults.push_back(fault);
    }
    prepare(sim);
    for (Nanoseconds now = 0; now < kDays + 5 * kHours; now += 211 * kSeconds) {
      run(sim, now);
      CAPTURE(seed, seconds(now));
      const std::vector<std::string> broken = broken_laws(sim);
      for (const std::string& law : broken) FAIL_CHECK(law);
      REQUIRE(broken.empty());
    }
    rebuilt += sim.cluster.pool.rebuilt;
    if (disks_too) continue;
    CHECK(times(sim, What::DataLost) == 0);
    CHECK(available(sim) == hosts);  // everything was mended
  }
  CHECK(rebuilt > 200);
}

}  // namespace hvlab::cluster
