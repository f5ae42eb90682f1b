// Catches disks that can what their kind cannot, or cost what another one does.
#include "sim/cluster/disk_kind.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/audit.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

struct Case {
  DiskKind kind;
  u32 cycles;
  bool snapshots, moves;
  DiskKind then;
};

Order order(OrderKind kind, Nanoseconds at, Index datastore = kNone) {
  Order order;
  order.at = at;
  order.kind = kind;
  order.machine = 0;
  order.datastore = datastore;
  return order;
}

}  // namespace

TEST_CASE("each kind of disk costs and can what its row says") {
  for (const Case& each : {Case{DiskKind::Thick, 100'000, true, true, DiskKind::Thick},
                           Case{DiskKind::Thin, 100'000, true, true, DiskKind::Thin},
                           Case{DiskKind::RawVirtual, 95'239, true, true, DiskKind::Thick},
                           Case{DiskKind::RawPhysical, 95'239, false, false, DiskKind::RawPhysical}}) {
    Simulation sim = small(2);
    sim.cluster.datastores.push_back(sim.cluster.datastores[0]);
    sim.cluster.overheads[0].disk_request = 100'000;
    const Index vm = add_machine(sim, 1000);
    sim.cluster.machines[vm].reads = 100;
    sim.cluster.machines[vm].disk_kind = each.kind;
    power_on(sim, vm, 0);
    sim.orders = {order(OrderKind::Snapshot, kHours), order(OrderKind::MoveDisk, 2 * kHours, 1)};
    prepare(sim);
    CAPTURE(facts(each.kind).name);
    CHECK(request_cycles(sim.cluster, sim.cluster.machines[vm]) == each.cycles);
    run(sim, kHours + kMinutes);
    CHECK(sim.cluster.machines[vm].snapshots == (each.snapshots ? 1 : 0));
    CHECK(sim.cluster.datastores[0].offered == (each.snapshots ? 200u : 100u));
    run(sim, 3 * kHours);
    CHECK(sim.cluster.machines[vm].datastore == (each.moves ? 1u : 0u));
    CHECK(sim.cluster.machines[vm].disk_kind == each.then);
    CHECK(sim.cluster.machines[vm].snapshots == 0);
    CHECK(sim.account.converted == (each.kind == DiskKind::RawVirtual ? 1u : 0u));
    for (const std::string& broken : broken_laws(sim)) FAIL_CHECK(broken);
    // To another host all go, since that copies no disk.
    CHECK(ask_move(sim, vm, 1) == Refusal::None);
  }
}

TEST_CASE("a thin disk takes, and copies, what was written") {
  VirtualMachine vm;
  vm.disk = 40;
  vm.disk_written = 250;
  CHECK(disk_space(vm) == 40);
  vm.disk_kind = DiskKind::Thin;
  CHECK(disk_space(vm) == 10);
  vm.disk_written = 251;
  CHECK(disk_space(vm) == 11);
}

TEST_CASE("disks that are copied keep a datastore busier") {
  Simulation sim = small(1);
  sim.cluster.datastores.push_back(sim.cluster.datastores[0]);
  const Index vm = add_machine(sim, 1000);
  sim.cluster.machines[vm].reads = 100;
  sim.cluster.machines[vm].disk = 2000;
  sim.cluster.datastores[0].used = 2000;
  power_on(sim, vm, 0);
  sim.orders = {order(OrderKind::MoveDisk, kHours, 1)};
  prepare(sim);
  run(sim, kHours - 1);
  const u32 before = sim.cluster.datastores[0].response;
  run(sim, kHours + 5 * kMinutes);
  CHECK(sim.cluster.datastores[0].response > before);
  CHECK(sim.cluster.datastores[1].busy > 0);
}

}  // namespace hvlab::cluster
