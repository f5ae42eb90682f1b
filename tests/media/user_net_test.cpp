// The host's network through libslirp: its gateway answers without any outside network.
#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "sim/media/link.hpp"
#include "sim/media/net_packet.hpp"
#include "sim/media/peer_wire.hpp"
#include "sim/media/user_net.hpp"

using namespace hvlab;
using namespace hvlab::media;

namespace {

struct Guest final : FrameClient {
  std::vector<Bytes> received;
  void frame_received(View frame) override { received.emplace_back(frame.begin(), frame.end()); }
  void frame_sent(u64) override {}
  void link_changed(bool) override {}
};

}  // namespace

TEST_CASE("libslirp's gateway answers ARP across the link", "[media]") {
  test::FakeClock clock;
  EthernetLink link("link", LinkProfile{"test", 1'000'000'000, 0, 100, 0, {}}, clock);
  UserNet net(link.end(1), clock);
  Guest guest;
  link.end(0).attach(guest);
  Bytes frame;
  put(frame, kBroadcastMac);
  put(frame, default_guest_mac());
  put16(frame, kEtherArp);
  put32(frame, 0x0001'0800);
  put32(frame, 0x0604'0001);
  put(frame, default_guest_mac());
  put32(frame, ipv4(10, 0, 2, 15));
  frame.resize(frame.size() + 6);
  put32(frame, ipv4(10, 0, 2, 2));
  link.end(0).send(1, frame);
  for (int i = 0; i < 5; ++i) {
    clock.advance(kMillisecond);
    net.poll();
  }
  REQUIRE(guest.received.size() == 1);
  CHECK(get16(guest.received[0], 20) == 2);
  CHECK(get32(guest.received[0], 28) == ipv4(10, 0, 2, 2));
}
