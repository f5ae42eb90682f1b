// What the peer's protocols share: who it is, how a frame leaves, and the bytes it sends.
#pragma once

#include "sim/media/net_packet.hpp"

namespace hvlab::media {

/// The simulated network 10.0.2.0/24.
struct PeerAddresses {
  MacAddress mac{0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};
  Ipv4Address address = ipv4(10, 0, 2, 2);
  Ipv4Address mask = ipv4(255, 255, 255, 0);
  Ipv4Address guest = ipv4(10, 0, 2, 15);  // what DHCP gives
};

/// The MAC address of a machine's NIC number `index`: 52:54:00:12:34:56 for the first.
constexpr MacAddress default_guest_mac(u8 index = 0) {
  return {0x52, 0x54, 0x00, 0x12, 0x34, static_cast<u8>(0x56 + index)};
}

/// Byte `index` of the pattern with which the peer fills what it sends: a guest can compute and check it.
constexpr u8 pattern_byte(u64 index) { return static_cast<u8>(index * 131 + (index >> 8) * 17); }

class PeerWire {
 public:
  virtual ~PeerWire() = default;
  virtual const PeerAddresses& addresses() const = 0;
  virtual u16 next_identification() = 0;
  /// Sends `frame` after the peer's delay.
  virtual void answer(Bytes frame) = 0;
  /// Sends `frame` at once.
  virtual void send_now(Bytes frame) = 0;
  /// Frames given to the link whose last bit has not left.
  virtual size_t unsent() const = 0;

  /// The way back to a station.
  Ipv4Route route_to(const MacAddress& mac, Ipv4Address address) const {
    return {addresses().mac, mac, addresses().address, address};
  }
};

}  // namespace hvlab::media
