#include "hv-models/devices/network_switch.hpp"

#include <array>
#include <catch2/catch.hpp>

using hvlab::u32;
using hvlab::u8;
using hvlab::devices::NetworkSwitch;

namespace {

using Frame = std::array<u8, 60>;

// Stations are numbers; station 0xff is everybody.
Frame frame(u8 to, u8 from) {
  Frame f{};
  for (unsigned i = 0; i < 6; ++i) {
    f[i] = to == 0xff ? to : static_cast<u8>(i == 5 ? to : 2);
    f[6 + i] = static_cast<u8>(i == 5 ? from : 2);
  }
  return f;
}

u32 send(NetworkSwitch& s, unsigned port, u8 to, u8 from) {
  const Frame f = frame(to, from);
  return s.forward(port, f.data(), f.size());
}

NetworkSwitch with_ports(unsigned count) {
  NetworkSwitch s;
  for (unsigned i = 0; i < count; ++i) s.connect(i);
  return s;
}

}  // namespace

// Would catch: frames that come back to their sender, or that a known station's neighbours see.
TEST_CASE("a switch asks everybody first, and then sends to the port where the address was seen") {
  NetworkSwitch s = with_ports(4);
  CHECK(send(s, 0, 9, 1) == 0b1110);
  CHECK(send(s, 2, 1, 9) == 0b0001);
  CHECK(send(s, 0, 9, 1) == 0b0100);
  CHECK(send(s, 0, 0xff, 1) == 0b1110);
  CHECK(send(s, 3, 9, 1) == 0b0100);  // station 1 has moved
  CHECK(send(s, 2, 1, 9) == 0b1000);
  CHECK(send(s, 2, 9, 8) == 0);  // both at the same port
}

// Would catch: a frame to a port that is gone, or one from it; an address that outlives its port.
TEST_CASE("a port that is disconnected neither sends nor receives, and its addresses are forgotten") {
  NetworkSwitch s = with_ports(3);
  send(s, 1, 0xff, 5);
  send(s, 2, 0xff, 6);
  s.disconnect(1);
  CHECK(send(s, 1, 6, 5) == 0);
  CHECK(send(s, 0, 5, 1) == 0b100);
  CHECK(send(s, 0, 6, 1) == 0b100);
  s.connect(1);
  CHECK(send(s, 0, 5, 1) == 0b110);
}

// Would catch: reading past a runt, learning what no sender can be, and a table that overflows.
TEST_CASE("whatever frames come in, only connected ports get any") {
  NetworkSwitch s = with_ports(2);
  const Frame f = frame(1, 2);
  for (size_t bytes = 0; bytes < 14; ++bytes) CHECK(s.forward(0, f.data(), bytes) == 0);
  const Frame group = frame(1, 0xff);
  CHECK(s.forward(0, group.data(), group.size()) == 0b10);
  for (unsigned i = 0; i < 1000; ++i)
    CHECK((send(s, i % 2, static_cast<u8>(i * 7), static_cast<u8>(i)) & ~0b11u) == 0);
  CHECK(send(s, 0, static_cast<u8>(999), 3) == 0b10);  // the newest are known, the oldest asked for
}
