// Holds the models against published figures, within what docs/cluster.md says of each; the working sets and
// loads that are not published are ours.
#include <catch2/catch.hpp>

#include <numeric>

#include "sim/cluster/metrics.hpp"
#include "sim/cluster/plan.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

// What TCP gets through 1 Gbit/s Ethernet with frames of 1500 bytes: 1448 of 1538 on the wire.
constexpr u64 kGigabit = 125'000'000ull * 1448 / 1538;
constexpr u64 kMiB = u64{1} << 20;

u32 pages(double megabytes) { return static_cast<u32>(megabytes * 1e6 / kPageBytes); }

// One host of one core of 1000 MHz for each limit of machines, as CloudSim's examples count MIPS.
Simulation mips(std::initializer_list<u32> limits) {
  Simulation sim = small(static_cast<unsigned>(limits.size()));
  sim.load_step = 0;
  for (Host& host : sim.cluster.hosts) host.cores = 1, host.core_mhz = 1000;
  prepare(sim);
  for (const u32 limit : limits) {
    const Index vm = add_machine(sim);
    sim.cluster.machines[vm].demand = kNone;
    sim.cluster.machines[vm].processors = 1;
    sim.cluster.machines[vm].limit = limit;
    power_on(sim, vm, vm);
  }
  return sim;
}

}  // namespace

TEST_CASE(
    "published: the web server of Clark et al. 2005: first round 62 s, the next ones 9.8 s, stopped for 165 "
    "ms") {
  const DirtyProcess web{{{{pages(14), pages(150)}, {pages(10), pages(3)}, {pages(400), pages(0.3)}}}};
  const PrecopyResult result = precopy(800 * kMiB, web, *find_precopy_policy("xen-2005"), kGigabit);
  REQUIRE(result.rounds.size() > 2);
  CHECK(seconds(result.rounds[0].lasted) == Approx(62).epsilon(0.2));
  const Nanoseconds next =
      std::accumulate(result.rounds.begin() + 1, result.rounds.end(), Nanoseconds{0},
                      [](Nanoseconds sum, const Round& round) { return sum + round.lasted; });
  CHECK(seconds(next) == Approx(9.8).epsilon(0.2));
  CHECK(seconds(result.downtime) == Approx(0.165).epsilon(0.2));
  // The rates climb until they would pass the limit.
  const Round& last = result.rounds.back();
  CHECK(static_cast<double>(last.sent) * 8 / seconds(last.lasted) > 400e6);
}

TEST_CASE("published: a second card halves a vMotion, and a little more, since less is written meanwhile") {
  const auto span = [](u8 cards) {
    Simulation sim = small(2);
    for (Nic& nic : sim.cluster.nics) nic.mbps = 10'000;
    for (Host& host : sim.cluster.hosts) host.memory = 128 << 10;
    PortGroup& group = sim.cluster.groups[static_cast<size_t>(Purpose::Migration)];
    group.cards = cards;
    group.teaming = Teaming::Several;
    const Index vm = add_machine(sim, 1000);
    sim.cluster.machines[vm].memory = 48 << 10;
    sim.cluster.dirty = {{{{{pages(400), pages(600)}, {pages(40'000), pages(250)}}}}};
    sim.cluster.machines[vm].dirty = 0;
    power_on(sim, vm, 0);
    prepare(sim);
    CHECK(ask_move(sim, vm, 1) == Refusal::None);
    run(sim, 10 * kMinutes);
    CHECK(sim.moves.all[0].phase == MovePhase::Done);
    return seconds(sim.moves.all[0].ended - sim.moves.all[0].began);
  };
  // vSphere 5 takes 30 % less than 4.1 with one card and a third of it with several: 0.7 / 0.33.
  CHECK(span(2) / span(3) == Approx(2.1).epsilon(0.2));
}

TEST_CASE("published: vSAN 6.0 hybrid, 64 hosts with one SSD and four disks: reads as by the SSDs") {
  Datastore store;
  store.kind = StorageKind::Pooled;
  store.disks = 64 * 4;
  store.disk_iops = 150;  // 10 000 turns a minute
  store.cache_hits = 1000;
  store.write_cost = 0;             // what is in the flash goes to the disks in long runs
  store.flash_reads = 64 * 75'000;  // Intel DC S3700 400 GB, product specification
  store.flash_writes = 64 * 36'000;
  store.copies = 2;
  store.bandwidth = 64 * 1250;
  const u32 reads = most_requests(store, 1000, 0, 4), mixed = most_requests(store, 700, 300, 4);
  CHECK(reads == Approx(3'800'000).epsilon(0.3));
  // Writing to the disks behind is what bounds the mix, and that is not modelled: far from the 992 000
  // published.
  CHECK(mixed == Approx(2'461'000).epsilon(0.01));
  CHECK(mixed > 992'000);
  // With half of its hosts it is half as fast.
  store.present = 500;
  CHECK(most_requests(store, 1000, 0, 4) == Approx(reads / 2.0).epsilon(0.01));
}

TEST_CASE("published: a server draws at each step of SPECpower what was measured there") {
  const PowerCurve curve = {
      {58'400, 98'000, 109'000, 118'000, 128'000, 140'000, 153'000, 170'000, 189'000, 205'000, 222'000},
      8'000};
  for (u32 step = 0; step <= 10; ++step) {
    Simulation sim = small(1);
    sim.cluster.curves = {curve};
    const Index vm = add_machine(sim, static_cast<u16>(step * 100));
    sim.cluster.machines[vm].processors = 8;
    power_on(sim, vm, 0);
    prepare(sim);
    run(sim, kHours);
    CHECK(metric(sim, "hosts.energy.kwh") == Approx(curve.load[step] * 1e-6));
  }
}

TEST_CASE("published: CloudSim's first examples end when theirs do") {
  SECTION("1: one machine of 1000 MIPS, 400 000 million instructions: 400 s") {
    Simulation sim = mips({1000});
    const Index task = add_task(sim, 0, 400'000);
    run(sim, kHours);
    CHECK(sim.tasks[task].ended == 400 * kSeconds);
  }
  SECTION("2: two machines of 250 MIPS, 250 000 each: both 1000 s") {
    Simulation sim = mips({250, 250});
    const Index one = add_task(sim, 0, 250'000), other = add_task(sim, 1, 250'000);
    run(sim, kHours);
    CHECK(sim.tasks[one].ended == 1000 * kSeconds);
    CHECK(sim.tasks[other].ended == 1000 * kSeconds);
  }
  SECTION("3: machines of 250 and 500 MIPS, 40 000 each: 160 s and 80 s") {
    Simulation sim = mips({250, 500});
    const Index one = add_task(sim, 0, 40'000), other = add_task(sim, 1, 40'000);
    run(sim, kHours);
    CHECK(sim.tasks[one].ended == 160 * kSeconds);
    CHECK(sim.tasks[other].ended == 80 * kSeconds);
  }
}

}  // namespace hvlab::cluster
