// The peer's TCP (RFC 9293, passive side): echo, discard and a small HTTP server. In-order reception, a fixed
// window, go-back-N retransmission with a doubling timer; no options but MSS.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "sim/media/net_packet.hpp"
#include "sim/media/peer_wire.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::media {

inline constexpr u16 kHttpPort = 80;

class PeerTcp {
 public:
  PeerTcp(const std::string& name, PeerWire& wire, Clock& clock);

  /// Takes a segment that arrived from `mac`; false if it was ignored.
  bool received(const MacAddress& mac, Ipv4Address from, const TcpSegment& segment);

  size_t connections() const { return connections_.size(); }
  u64 discarded_bytes() const { return discarded_bytes_; }
  u64 retransmissions() const { return retransmissions_; }

 private:
  using Key = std::tuple<Ipv4Address, u16, u16>;  // guest's address and port, our port
  struct Connection {
    MacAddress mac{};
    bool established = false;
    bool remote_closed = false;  // the guest's FIN was taken
    bool close_after = false;    // a FIN follows the last byte
    bool fin_sent = false;       // snd_nxt is beyond it
    u32 snd_una = 0, snd_nxt = 0, rcv_nxt = 0;
    u32 snd_window = 0;
    u16 maximum_segment = 536;
    Bytes out;                            // from snd_una on: unacknowledged, then unsent
    u64 pattern_at = 0, pattern_end = 0;  // HTTP: what of the body is still to be put in `out`
    Bytes request;                        // HTTP: the request's head so far
    unsigned duplicates = 0;
    unsigned tries = 0;
    Picoseconds retry_at = kNever;
  };

  bool open(const MacAddress& mac, const Key& key, const TcpSegment& segment);
  void refuse(const MacAddress& mac, const Key& key, const TcpSegment& segment);
  /// False: the connection is over and was removed.
  bool acknowledge(const Key& key, Connection& connection, const TcpSegment& segment);
  bool accept(const Key& key, Connection& connection, const TcpSegment& segment);
  void take_data(const Key& key, Connection& connection, View data);
  void take_request(Connection& connection, View data);
  void fill(Connection& connection);
  bool transmit(const Key& key, Connection& connection);
  void send(const Key& key, const Connection& connection, u8 flags, u32 sequence, View payload);
  void go_back(Connection& connection);
  u32 receive_window(const Connection& connection) const;
  void arm();
  void fire();

  PeerWire& wire_;
  Clock& clock_;
  EventId event_;
  std::map<Key, Connection> connections_;
  u32 next_initial_ = 1'000'000;
  u64 discarded_bytes_ = 0;
  u64 retransmissions_ = 0;
};

}  // namespace hvlab::media
