// Catches bandwidth shared unfairly, given twice, or taken on cards that are down; and what teaming does.
#include "sim/cluster/flows.hpp"

#include <catch2/catch.hpp>

#include "sim/cluster/max_min.hpp"
#include "sim/cluster/random.hpp"
#include "small_cluster.hpp"

namespace hvlab::cluster {

using namespace test;

namespace {

PortGroup& migration_group(Simulation& sim) {
  return sim.cluster.groups[static_cast<size_t>(Purpose::Migration)];
}

Flow flow(const Simulation& sim, Index from, Index to, u64 bytes) {
  Flow result;
  result.lanes = lanes(sim.cluster, from, to, Purpose::Migration);
  result.total = bytes;
  return result;
}

}  // namespace

TEST_CASE("shares are fair, limits hold, and nothing is left over that somebody could use") {
  for (u64 seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    std::vector<u64> capacities;
    for (u64 i = 0; i < 6; ++i) capacities.push_back(1000 + random_below(9000, seed, Draw::Generator, 0, i));
    std::vector<Stream> streams(1 + random_below(12, seed, Draw::Generator, 1, 0));
    for (u32 i = 0; i < streams.size(); ++i) {
      streams[i].uses = {random_below(3, seed, Draw::Generator, 2, i),
                         3 + random_below(3, seed, Draw::Generator, 3, i)};
      if (i % 3 == 0) streams[i].limit = random_below(3000, seed, Draw::Generator, 4, i);
    }
    share_max_min(streams, capacities);
    std::vector<u64> used(6);
    for (const Stream& stream : streams)
      for (const Index use : stream.uses) used[use] += stream.rate;
    for (size_t i = 0; i < 6; ++i) REQUIRE(used[i] <= capacities[i]);
    for (const Stream& stream : streams) {
      REQUIRE(stream.rate <= stream.limit);
      // At its limit, or on something that is used up where nobody has more than it (to rounding).
      bool bound = stream.rate == stream.limit;
      for (const Index use : stream.uses) {
        bool most = used[use] + streams.size() >= capacities[use];
        for (const Stream& other : streams)
          if (std::ranges::count(other.uses, use) != 0 && other.rate > stream.rate + streams.size())
            most = false;
        bound = bound || most;
      }
      REQUIRE(bound);
    }
  }
}

TEST_CASE("a gigabyte takes eight seconds on a gigabit, and two of them sixteen") {
  Simulation sim = small(3);
  const Index first = start_flow(sim, flow(sim, 0, 1, 1'000'000'000));
  run(sim, 4 * kSeconds);
  const Index second = start_flow(sim, flow(sim, 0, 2, 1'000'000'000));
  CHECK(sim.flows.all[first].active);
  run(sim, 12 * kSeconds);
  CHECK(!sim.flows.all[first].active);  // 4 s alone, then 8 s with half
  run(sim, 16 * kSeconds - 1);
  CHECK(sim.flows.all[second].active);
  run(sim, 16 * kSeconds + 10);
  CHECK(!sim.flows.all[second].active);
  CHECK(sim.cluster.nics[1].sent == 2'000'000'000);
  CHECK(sim.cluster.nics[3].received == 1'000'000'000);
  CHECK(sim.cluster.nics[5].received == 1'000'000'000);
}

TEST_CASE("several cards carry one conversation together; aggregated ones do not") {
  Simulation sim = small(2);
  migration_group(sim).cards = 3;
  migration_group(sim).teaming = Teaming::Several;
  Flow wanted = flow(sim, 0, 1, 1);
  CHECK(possible_rate(sim, wanted) == 250'000'000);
  migration_group(sim).teaming = Teaming::Aggregate;
  wanted = flow(sim, 0, 1, 1);
  CHECK(possible_rate(sim, wanted) == 125'000'000);
  sim.cluster.nics[1].up = false;
  wanted = flow(sim, 0, 1, 1);
  CHECK(possible_rate(sim, wanted) == 125'000'000);
}

TEST_CASE("a trunk that does not carry the VLAN is no way") {
  Simulation sim = small(2);
  migration_group(sim).vlan = 20;
  CHECK(reach_each_other(sim.cluster, 0, 1, Purpose::Migration));
  sim.cluster.nics[3].vlans = ~(u64{1} << 20);
  CHECK(!reach_each_other(sim.cluster, 0, 1, Purpose::Migration));
  CHECK(reach_each_other(sim.cluster, 0, 1, Purpose::Management));
}

TEST_CASE("with two cards on two switches, one switch may fail") {
  Simulation sim = small(2);
  PortGroup& management = sim.cluster.groups[static_cast<size_t>(Purpose::Management)];
  management.cards = 3;
  sim.cluster.switches[0].up = false;
  CHECK(reach_each_other(sim.cluster, 0, 1, Purpose::Management));
  management.cards = 1;
  CHECK(!reach_each_other(sim.cluster, 0, 1, Purpose::Management));
}

}  // namespace hvlab::cluster
