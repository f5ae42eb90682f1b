// Catches machines on full hosts, hosts passed over that had room, and redundancy that is none.
#include "sim/cluster/placement.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/cluster/angle_tree.hpp"
#include "sim/cluster/random.hpp"

namespace hvlab::cluster {

namespace {

std::vector<Room> random_rooms(u64 seed, size_t count, u32 mhz, u32 memory) {
  std::vector<Room> rooms;
  for (u64 i = 0; i < count; ++i)
    rooms.push_back({1 + random_below(mhz, seed, Draw::Generator, i, 0),
                     1 + random_below(memory, seed, Draw::Generator, i, 1)});
  return rooms;
}

}  // namespace

TEST_CASE("the tree finds the host that a walk along all hosts finds") {
  for (u64 seed = 0; seed < 20; ++seed) {
    std::vector<Room> rooms = random_rooms(seed, 1 + seed * 7, 1000, 1000);
    FitTree tree(rooms);
    for (u64 step = 0; step < 300; ++step) {
      const Room need{random_below(1200, seed, Draw::Burst, 0, step),
                      random_below(1200, seed, Draw::Burst, 1, step)};
      const Index from = random_below(static_cast<u32>(rooms.size()), seed, Draw::Burst, 2, step);
      const auto allowed = [&](Index host) { return host % 3 != step % 3; };
      Index expected = kNone;
      for (Index host = from; host < rooms.size() && expected == kNone; ++host)
        if (rooms[host].holds(need) && allowed(host)) expected = host;
      REQUIRE(tree.first(need, from, allowed) == expected);
      if (expected == kNone) continue;
      rooms[expected] = {rooms[expected].mhz - need.mhz, rooms[expected].memory - need.memory};
      tree.set(expected, rooms[expected]);
    }
  }
}

// Catches a tree that loses hosts as their rooms change, or whose nearest is not.
TEST_CASE("the tree of directions finds the host that a look at all hosts finds") {
  for (u64 seed = 0; seed < 30; ++seed) {
    std::vector<Room> rooms = random_rooms(seed, 1 + seed * 5, 1000, 1000);
    // Many alike, as hosts are.
    for (size_t i = 0; i < rooms.size(); ++i)
      if (i % 3 != 0) rooms[i] = {500, 700};
    const Average average{500, 600};
    AngleTree tree(rooms, average);
    const auto closeness = [&](Room room, Room need) {
      const double x = need.mhz / average.mhz, y = need.memory / average.memory;
      const double a = room.mhz / average.mhz, b = room.memory / average.memory;
      return a * a + b * b == 0 ? 0 : (a * x + b * y) * (a * x + b * y) / (a * a + b * b);
    };
    for (u64 step = 0; step < 300; ++step) {
      const Room need{1 + random_below(300, seed, Draw::Burst, 0, step),
                      1 + random_below(300, seed, Draw::Burst, 1, step)};
      const auto allowed = [&](Index host) { return host % 4 != step % 4; };
      double most = -1;
      for (Index host = 0; host < rooms.size(); ++host)
        if (rooms[host].holds(need) && allowed(host)) most = std::max(most, closeness(rooms[host], need));
      const Index found = tree.nearest(need, allowed);
      CAPTURE(seed, step, found);
      REQUIRE((found == kNone) == (most < 0));
      if (found == kNone) continue;
      REQUIRE(rooms[found].holds(need));
      REQUIRE(allowed(found));
      REQUIRE(closeness(rooms[found], need) >= most * (1 - 1e-12));
      for (Index host = 0; host < found; ++host) {  // of several alike the lowest
        const bool alike = rooms[host].mhz == rooms[found].mhz && rooms[host].memory == rooms[found].memory;
        REQUIRE_FALSE((alike && allowed(host)));
      }
      rooms[found] = {rooms[found].mhz - need.mhz, rooms[found].memory - need.memory};
      tree.set(found, rooms[found]);
    }
  }
}

TEST_CASE("no packing overfills a host, loses a machine, or leaves one out that still fits") {
  for (const Packing packing : {Packing::FirstFit, Packing::BestFit, Packing::VectorFit}) {
    for (u64 seed = 0; seed < 60; ++seed) {
      CAPTURE(seed, static_cast<int>(packing));
      const std::vector<Room> hosts = random_rooms(seed, 10, 20'000, 65'536);
      const std::vector<Room> needs = random_rooms(seed + 1000, 5 + seed, 4000, 16'384);
      const Packed packed = pack(hosts, needs, packing, seed % 2 == 0);
      std::vector<Room> left = hosts;
      u32 unplaced = 0;
      for (size_t i = 0; i < needs.size(); ++i) {
        if (packed.host_of[i] == kNone) {
          ++unplaced;
          for (const Room& room : packed.left) REQUIRE(!room.holds(needs[i]));
          continue;
        }
        Room& room = left[packed.host_of[i]];
        REQUIRE(room.holds(needs[i]));
        room = {room.mhz - needs[i].mhz, room.memory - needs[i].memory};
      }
      REQUIRE(unplaced == packed.unplaced);
      for (size_t host = 0; host < hosts.size(); ++host) {
        REQUIRE(left[host].mhz == packed.left[host].mhz);
        REQUIRE(left[host].memory == packed.left[host].memory);
      }
    }
  }
}

TEST_CASE("first fit fills from the front; best fit takes the tightest; vector fit pairs opposites") {
  const std::vector<Room> hosts = {{10'000, 10'000}, {4000, 4000}, {6000, 6000}};
  const std::vector<Room> need = {{3500, 3500}};
  CHECK(pack(hosts, need, Packing::FirstFit, false).host_of[0] == 0);
  CHECK(pack(hosts, need, Packing::BestFit, false).host_of[0] == 1);
  // What is heavy on processors goes where processors are left.
  const std::vector<Room> bent = {{2000, 8000}, {8000, 2000}};
  CHECK(pack(bent, std::vector<Room>{{1900, 500}}, Packing::VectorFit, false).host_of[0] == 1);
  CHECK(pack(bent, std::vector<Room>{{500, 1900}}, Packing::VectorFit, false).host_of[0] == 0);
}

TEST_CASE("ten servers at a fifth of a host fit on two; with redundancy they take three") {
  const std::vector<Room> hosts(10, Room{16'000, 65'536});
  const std::vector<Room> needs(10, Room{3000, 8192});
  CHECK(fewest_hosts(hosts, needs, Packing::FirstFit, false) == 2u);
  CHECK(fewest_hosts(hosts, needs, Packing::FirstFit, true) == 3u);
  // At a tenth one host would do, and two survive.
  const std::vector<Room> small(10, Room{1500, 6000});
  CHECK(fewest_hosts(hosts, small, Packing::FirstFit, false) == 1u);
  CHECK(fewest_hosts(hosts, small, Packing::FirstFit, true) == 2u);
  CHECK(fewest_hosts(std::span(hosts).first(1), needs, Packing::FirstFit, false) == std::nullopt);
}

TEST_CASE("machines that are to be apart are") {
  const std::vector<Room> hosts(3, Room{10'000, 10'000});
  const std::vector<Room> needs(4, Room{100, 100});
  std::vector<bool> taken(3);
  const Packed packed = pack(hosts, needs, Packing::FirstFit, false, [&](Index, Index host) {
    if (taken[host]) return false;
    taken[host] = true;
    return true;
  });
  CHECK(packed.host_of == std::vector<Index>{0, 1, 2, kNone});
}

}  // namespace hvlab::cluster
