// A recording says what the simulation says, changes nothing of it, and why machines moved.
#include "sim/cluster/recording.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/cluster/log_text.hpp"
#include "sim/record/cluster_reader.hpp"

namespace hvlab::cluster {

namespace {

constexpr PowerCurve kServer = {
    {60'000, 80'000, 92'000, 103'000, 114'000, 126'000, 139'000, 154'000, 171'000, 190'000, 210'000}, 8'000};

struct File {
  std::string path =
      std::filesystem::temp_directory_path() / ("hvlab-recording-" + std::to_string(getpid()) + ".hvc");
  ~File() { std::filesystem::remove(path); }
  std::string bytes() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

// Nine machines start on the first of three hosts; it fails after five hours, and server-3 is emptied before
// that.
Plan plan_of_three() {
  Plan plan;
  HostPlan host;
  host.name = "server";
  host.count = 3;
  host.power = kServer;
  plan.hosts = {host};
  DatastorePlan store;
  store.name = "san";
  store.what.kind = StorageKind::FibreChannel;
  store.what.disks = 12;
  store.what.redundant = 2;
  store.what.capacity = 10'000;
  store.what.bandwidth = 800;
  plan.datastores = {store};
  MachinePlan machine;
  machine.name = "app";
  machine.count = 9;
  machine.what.processors = 2;
  machine.what.memory = 3 << 10;
  machine.what.disk = 40;
  machine.what.size = 1000;
  machine.what.reads = 40;
  machine.what.writes = 20;
  machine.datastore = "san";
  machine.host = "server-1";
  machine.demand = {DemandShape::Constant, 600};
  machine.writes = {{{{100, 20'000}}}};
  plan.machines = {machine};
  plan.ha.on = true;
  plan.balancer.on = true;
  plan.faults = {{5 * kHours, FaultKind::Host, false, 0}};
  Order empty;
  empty.at = 2 * kHours;
  empty.kind = OrderKind::EnterMaintenance;
  empty.host = 2;
  plan.orders = {empty};
  return plan;
}

}  // namespace

TEST_CASE("a recording changes nothing of what happens, and equal runs have equal recordings") {
  const File file;
  const Plan plan = plan_of_three();
  Simulation alone = simulation_of(plan), watched = simulation_of(plan), again = simulation_of(plan);
  run(alone, 6 * kHours);
  std::string first;
  for (Simulation* sim : {&watched, &again}) {
    Recording recording(file.path, plan, *sim, 6 * kHours);
    run(*sim, 6 * kHours, recording);
    recording.finish(*sim);
    CHECK(recording.problem().empty());
    if (sim == &watched) first = file.bytes();
  }
  CHECK(log_lines(plan, alone) == log_lines(plan, watched));
  CHECK(file.bytes() == first);
}

TEST_CASE("what is recorded is what the simulation has at that moment") {
  const File file;
  const Plan plan = plan_of_three();
  Simulation sim = simulation_of(plan);
  Recording recording(file.path, plan, sim, 6 * kHours);
  run(sim, 3 * kHours, recording);
  const Simulation at_three = sim;
  run(sim, 6 * kHours, recording);
  recording.finish(sim);
  record::ClusterReader reader(file.path);
  for (const auto& [then, time] :
       {std::pair(&at_three, 3 * kHours), std::pair<const Simulation*, u64>(&sim, 6 * kHours)}) {
    const record::ClusterState& state = reader.at(time);
    for (Index i = 0; i < 3; ++i) {
      const Host& host = then->cluster.hosts[i];
      CAPTURE(time, i);
      CHECK(state.hosts[i].wanted == host.wanted);
      CHECK(state.hosts[i].given() == host.given);
      CHECK(state.hosts[i].committed == host.committed);
      CHECK(state.hosts[i].power == host.power);
    }
    for (Index i = 0; i < 9; ++i) {
      CHECK(state.machines[i].host == then->cluster.machines[i].host);
      CHECK(state.machines[i].gets() == Approx(then->cluster.machines[i].gets).epsilon(0.02));
    }
    CHECK(state.stores[0].offered == then->cluster.datastores[0].offered);
  }
  CHECK(reader.at(6 * kHours).hosts[0].is() == record::HostCondition::Failed);
  CHECK(reader.at(5 * kHours + 30 * kSeconds).hosts[0].seen() == record::HostWatch::Dead);
  CHECK(reader.events().size() == sim.log.size());
  CHECK(reader.moves().size() == sim.moves.all.size());
}

TEST_CASE("each move says why: balance with its figures, maintenance, order, a rule") {
  const File file;
  Plan plan = plan_of_three();
  Order move;
  move.at = 4 * kHours;
  move.kind = OrderKind::Move;
  move.machine = 8;
  move.host = 1;
  plan.orders.push_back(move);
  Simulation sim = simulation_of(plan);
  Recording recording(file.path, plan, sim, 6 * kHours);
  run(sim, 6 * kHours, recording);
  recording.finish(sim);
  const record::ClusterReader reader(file.path);
  size_t balance = 0, maintenance = 0;
  for (const record::ClusterMove& each : reader.moves()) {
    const std::string& reason = reader.facts().reasons.at(each.reason);
    balance += reason == "balance";
    maintenance += reason == "maintenance";
    if (reason == "maintenance") CHECK(each.from == 2);
    if (reason != "balance") continue;
    CHECK(each.imbalance_after < each.imbalance_before);
    CHECK(each.benefit > each.cost);
    CHECK(each.load_from > each.load_to);
    CHECK(each.is() == record::MoveStage::Done);
    CHECK(each.rounds.front().sent == u64{3} << 30);
  }
  CHECK(balance > 0);
  CHECK(maintenance > 0);
}

TEST_CASE("machines that are to be apart and are not, move for their rule") {
  const File file;
  Plan plan = plan_of_three();
  plan.orders.clear();
  plan.machines[0].count = 2;
  plan.machines[0].apart = true;
  plan.faults.clear();
  plan.machines[0].host = "";
  Simulation sim = simulation_of(plan);
  // As if the rule came later.
  leave_host(sim.cluster, 1);
  enter_host(sim.cluster, 1, sim.cluster.machines[0].host);
  run(sim, kHours);
  REQUIRE(sim.moves.all.size() == 1);
  CHECK(sim.moves.all[0].cause.reason == MoveReason::Rule);
  CHECK(sim.moves.all[0].cause.rule == PlaceRule::Apart);
}

}  // namespace hvlab::cluster
