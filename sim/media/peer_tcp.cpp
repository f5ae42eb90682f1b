#include "sim/media/peer_tcp.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "sim/media/peer_udp.hpp"

namespace hvlab::media {
namespace {

constexpr size_t kMostConnections = 256;
constexpr size_t kBuffer = 65'535;  // sent and not acknowledged, or received and not echoed
constexpr u16 kOurSegment = 1460;
constexpr Picoseconds kFirstRetry =
    200 * kMillisecond;  // assumed; RFC 6298 allows it to be fixed for a known path
constexpr unsigned kMostTries = 8;
constexpr size_t kLongestRequest = 8192;

/// True if sequence number `a` is after `b` (RFC 9293, 3.4).
bool after(u32 a, u32 b) { return static_cast<i32>(a - b) > 0; }

bool served(u16 port) { return port == kEchoPort || port == kDiscardPort || port == kHttpPort; }

}  // namespace

PeerTcp::PeerTcp(const std::string& name, PeerWire& wire, Clock& clock)
    : wire_(wire), clock_(clock), event_(clock.add_event(name + ".tcp", [this] { fire(); })) {}

u32 PeerTcp::receive_window(const Connection& connection) const {
  return static_cast<u32>(kBuffer - std::min(kBuffer, connection.out.size()));
}

void PeerTcp::send(const Key& key, const Connection& connection, u8 flags, u32 sequence, View payload) {
  const auto& [address, guest_port, port] = key;
  TcpSegment segment;
  segment.source_port = port;
  segment.destination_port = guest_port;
  segment.sequence = sequence;
  segment.acknowledgement = connection.rcv_nxt;
  segment.flags = flags;
  segment.window = static_cast<u16>(receive_window(connection));
  segment.maximum_segment = (flags & TcpSegment::kSyn) != 0 ? kOurSegment : u16{0};
  segment.payload = payload;
  wire_.answer(make_tcp(wire_.route_to(connection.mac, address), wire_.next_identification(), segment));
}

bool PeerTcp::received(const MacAddress& mac, Ipv4Address from, const TcpSegment& segment) {
  const Key key{from, segment.source_port, segment.destination_port};
  const auto found = connections_.find(key);
  if (found == connections_.end()) return open(mac, key, segment);
  Connection& connection = found->second;
  if (segment.has(TcpSegment::kRst)) {
    if (segment.sequence == connection.rcv_nxt) connections_.erase(found);
  } else if (segment.has(TcpSegment::kSyn)) {
    if (!connection.established)
      send(key, connection, TcpSegment::kSyn | TcpSegment::kAck, connection.snd_una, {});
    else
      send(key, connection, TcpSegment::kAck, connection.snd_nxt, {});  // a challenge (RFC 5961, 4)
  } else if (segment.has(TcpSegment::kAck) && acknowledge(key, connection, segment) &&
             connection.established) {
    const bool owes_ack = accept(key, connection, segment);
    if (!transmit(key, connection) && owes_ack)
      send(key, connection, TcpSegment::kAck, connection.snd_nxt, {});
  }
  arm();
  return true;
}

/// 3.10.7.2: the state LISTEN, or no such port.
bool PeerTcp::open(const MacAddress& mac, const Key& key, const TcpSegment& segment) {
  if (segment.has(TcpSegment::kRst)) return false;
  if (!served(segment.destination_port) || segment.has(TcpSegment::kAck) || !segment.has(TcpSegment::kSyn)) {
    refuse(mac, key, segment);
    return true;
  }
  if (connections_.size() >= kMostConnections) return false;
  Connection& connection = connections_[key];
  connection.mac = mac;
  connection.rcv_nxt = segment.sequence + 1;
  connection.snd_una = next_initial_;
  connection.snd_nxt = next_initial_ + 1;
  next_initial_ += 64'000;
  connection.snd_window = segment.window;
  if (segment.maximum_segment != 0)
    connection.maximum_segment = std::clamp<u16>(segment.maximum_segment, 64, kOurSegment);
  connection.retry_at = clock_.now() + kFirstRetry;
  send(key, connection, TcpSegment::kSyn | TcpSegment::kAck, connection.snd_una, {});
  arm();
  return true;
}

/// 3.10.7.1: a reset that the sender will believe.
void PeerTcp::refuse(const MacAddress& mac, const Key& key, const TcpSegment& segment) {
  Connection none;
  none.mac = mac;
  if (segment.has(TcpSegment::kAck)) {
    send(key, none, TcpSegment::kRst, segment.acknowledgement, {});
    return;
  }
  none.rcv_nxt = segment.sequence + static_cast<u32>(segment.payload.size()) +
                 (segment.has(TcpSegment::kSyn) ? 1 : 0) + (segment.has(TcpSegment::kFin) ? 1 : 0);
  send(key, none, TcpSegment::kRst | TcpSegment::kAck, 0, {});
}

bool PeerTcp::acknowledge(const Key& key, Connection& connection, const TcpSegment& segment) {
  const u32 ack = segment.acknowledgement;
  if (after(ack, connection.snd_nxt)) {
    // After going back the guest may acknowledge what was sent before; believe it if we ever had so much to
    // send.
    if (after(ack, connection.snd_una + static_cast<u32>(connection.out.size()) + 1)) return true;
    connection.snd_nxt = ack;
  }
  const u32 advance = ack - connection.snd_una;
  if (after(ack, connection.snd_una)) {
    const size_t head = connection.established ? 0 : 1;  // our SYN
    const size_t bytes = std::min<size_t>(advance - head, connection.out.size());
    const bool fin_acknowledged = advance - head > bytes;
    connection.out.erase(connection.out.begin(), connection.out.begin() + static_cast<std::ptrdiff_t>(bytes));
    connection.established = true;
    connection.snd_una = ack;
    connection.duplicates = connection.tries = 0;
    connection.retry_at = ack == connection.snd_nxt ? kNever : clock_.now() + kFirstRetry;
    if (fin_acknowledged) {
      connection.fin_sent = true;
      if (connection.remote_closed) {
        connections_.erase(key);
        return false;
      }
    }
  } else if (advance == 0 && segment.payload.empty() && connection.snd_nxt != connection.snd_una &&
             segment.window == connection.snd_window && !segment.has(TcpSegment::kFin)) {
    if (++connection.duplicates == 3) go_back(connection);
  }
  connection.snd_window = segment.window;
  return true;
}

/// Takes what is new and in order; true if the segment must be acknowledged.
bool PeerTcp::accept(const Key& key, Connection& connection, const TcpSegment& segment) {
  const bool fin = segment.has(TcpSegment::kFin);
  if (segment.payload.empty() && !fin)
    return segment.sequence != connection.rcv_nxt;        // a keep-alive, or lost
  const u32 old = connection.rcv_nxt - segment.sequence;  // bytes that were taken before
  if (after(segment.sequence, connection.rcv_nxt) || old > segment.payload.size()) return true;
  const View fresh = segment.payload.subspan(old);
  const size_t room = receive_window(connection);
  const View data = fresh.first(std::min(fresh.size(), room));
  if (!connection.remote_closed) {
    connection.rcv_nxt += static_cast<u32>(data.size());
    take_data(key, connection, data);
  }
  if (fin && data.size() == fresh.size() && !connection.remote_closed) {
    ++connection.rcv_nxt;
    connection.remote_closed = connection.close_after = true;
    if (connection.fin_sent && connection.snd_una == connection.snd_nxt) {
      send(key, connection, TcpSegment::kAck, connection.snd_nxt, {});
      connection.retry_at = clock_.now();  // both sides are done: fire() removes it
      return false;
    }
  }
  return true;
}

void PeerTcp::take_data(const Key& key, Connection& connection, View data) {
  switch (std::get<2>(key)) {
    case kEchoPort: put(connection.out, data); break;
    case kDiscardPort: discarded_bytes_ += data.size(); break;
    default: take_request(connection, data); break;
  }
}

/// "GET /N" is answered with N bytes of the pattern, anything else with 404; one request a connection
/// (HTTP/1.0).
void PeerTcp::take_request(Connection& connection, View data) {
  if (connection.close_after || connection.request.size() + data.size() > kLongestRequest) return;
  put(connection.request, data);
  const std::string_view head(reinterpret_cast<const char*>(connection.request.data()),
                              connection.request.size());
  if (head.find("\r\n\r\n") == std::string_view::npos && head.find("\n\n") == std::string_view::npos) return;
  u64 bytes = 0;
  bool good = head.starts_with("GET /");
  if (good) {
    const char* number = head.data() + 5;
    const auto [end, error] = std::from_chars(number, head.data() + head.size(), bytes);
    good = error == std::errc() && (*end == ' ' || *end == '\r' || *end == '\n') && bytes <= u64{1} << 40;
  }
  if (!good) bytes = 0;
  const std::string answer =
      std::string(good ? "HTTP/1.0 200 OK" : "HTTP/1.0 404 Not Found") +
      "\r\nContent-Type: application/octet-stream\r\nContent-Length: " + std::to_string(bytes) +
      "\r\nConnection: close\r\n\r\n";
  connection.out.insert(connection.out.end(), answer.begin(), answer.end());
  connection.pattern_end = bytes;
  connection.close_after = true;
}

void PeerTcp::fill(Connection& connection) {
  while (connection.pattern_at != connection.pattern_end && connection.out.size() < kBuffer)
    connection.out.push_back(pattern_byte(connection.pattern_at++));
}

void PeerTcp::go_back(Connection& connection) {
  ++retransmissions_;
  connection.snd_nxt = connection.snd_una;
  connection.fin_sent = false;
}

/// Sends what window and buffer allow; true if anything went out (it carries the acknowledgement).
bool PeerTcp::transmit(const Key& key, Connection& connection) {
  if (!connection.established) return false;
  fill(connection);
  bool sent = false;
  for (;;) {
    const u32 in_flight = connection.snd_nxt - connection.snd_una;
    const size_t from = std::min<size_t>(in_flight, connection.out.size());
    const size_t window = connection.snd_window > in_flight ? connection.snd_window - in_flight : 0;
    const size_t bytes = std::min({connection.out.size() - from, window, size_t{connection.maximum_segment}});
    const bool last =
        from + bytes == connection.out.size() && connection.pattern_at == connection.pattern_end;
    const bool fin = last && connection.close_after && !connection.fin_sent;
    if (bytes == 0 && !fin) break;
    const u8 flags = static_cast<u8>(TcpSegment::kAck | (bytes != 0 && last ? TcpSegment::kPsh : 0) |
                                     (fin ? TcpSegment::kFin : 0));
    send(key, connection, flags, connection.snd_nxt, View(connection.out).subspan(from, bytes));
    connection.snd_nxt += static_cast<u32>(bytes) + (fin ? 1 : 0);
    connection.fin_sent = connection.fin_sent || fin;
    sent = true;
  }
  const bool waiting = connection.snd_nxt != connection.snd_una || !connection.out.empty();
  if (waiting && connection.retry_at == kNever) connection.retry_at = clock_.now() + kFirstRetry;
  return sent;
}

void PeerTcp::arm() {
  Picoseconds next = kNever;
  for (const auto& [key, connection] : connections_) next = std::min(next, connection.retry_at);
  if (next == kNever)
    clock_.disarm(event_);
  else
    clock_.arm(event_, next);
}

/// Retransmission, zero-window probes, and the end of connections that both sides closed.
void PeerTcp::fire() {
  for (auto each = connections_.begin(); each != connections_.end();) {
    auto& [key, connection] = *each;
    if (connection.retry_at > clock_.now()) {
      ++each;
      continue;
    }
    const bool over =
        connection.remote_closed && connection.fin_sent && connection.snd_una == connection.snd_nxt;
    if (over || ++connection.tries > kMostTries) {
      each = connections_.erase(each);
      continue;
    }
    connection.retry_at = clock_.now() + (kFirstRetry << connection.tries);
    if (!connection.established) {
      ++retransmissions_;
      send(key, connection, TcpSegment::kSyn | TcpSegment::kAck, connection.snd_una, {});
    } else {
      go_back(connection);
      if (connection.snd_window == 0 && !connection.out.empty())
        connection.snd_window = 1;  // the probe's byte
      transmit(key, connection);
    }
    ++each;
  }
  arm();
}

}  // namespace hvlab::media
