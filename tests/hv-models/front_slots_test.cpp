// Would catch: a packet that is given back before all its parts are done, or never; ids that two requests
// have at a time; answers to what was never asked, or twice.
#include "hv-models/drivers/front_slots.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace hvlab;
using namespace hvlab::drivers;

TEST_CASE("packets come back with their last part, whatever the order") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    FrontSlots slots;
    std::vector<Packet> packets(2000);
    std::set<u16> under_way;
    std::map<u16, size_t> packet_of;
    std::map<size_t, unsigned> left;
    size_t next = 0, done = 0;
    while (done < packets.size()) {
      const unsigned parts = 1 + static_cast<unsigned>(random() % 18);
      if (next < packets.size() && random() % 2 == 0 && slots.free() >= parts) {
        const u16 first = slots.begin(&packets[next], parts);
        for (unsigned i = 0; i < parts; ++i) {
          const u16 id = slots.add(first, 1000 + i);
          REQUIRE(under_way.insert(id).second);
          packet_of[id] = next;
        }
        left[next++] = parts;
        continue;
      }
      if (under_way.empty()) continue;
      const u16 id = *std::next(under_way.begin(), static_cast<long>(random() % under_way.size()));
      interdomain::Grant grant = 0;
      Packet* packet = nullptr;
      REQUIRE(slots.take(id, grant, packet));
      CHECK(grant >= 1000);
      under_way.erase(id);
      CHECK_FALSE(slots.take(id, grant, packet));  // twice
      const size_t which = packet_of[id];
      const bool last = --left[which] == 0;
      interdomain::Grant none = 0;
      if (last) ++done;
      CHECK((packet == (last ? &packets[which] : nullptr)));
      CHECK_FALSE(slots.take(FrontSlots::kSlots, none, packet));
    }
    CHECK(slots.free() == FrontSlots::kSlots);
  }
}
