// The simulated peer: byte-exact answers, in simulated time.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/media/link.hpp"
#include "sim/media/peer.hpp"

using namespace hvlab;
using namespace hvlab::media;

namespace {

Bytes hex(const std::string& text) {
  Bytes bytes(text.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<u8>(std::stoul(text.substr(2 * i, 2), nullptr, 16));
  return bytes;
}

constexpr MacAddress kGuestMac = default_guest_mac();
constexpr Ipv4Address kGuest = ipv4(10, 0, 2, 15), kPeer = ipv4(10, 0, 2, 2);

/// The guest's end of a 1 Gb/s link with the peer at the other.
struct Bench final : FrameClient {
  test::FakeClock clock;
  EthernetLink link{"link", LinkProfile{"test", 1'000'000'000, kMicrosecond, 1000, 0, {}}, clock};
  Peer peer{"peer", PeerAddresses{}, 10 * kMicrosecond, link.end(1), clock};
  std::vector<std::pair<Picoseconds, Bytes>> received;
  PeerAddresses addresses;
  Ipv4Route route{kGuestMac, addresses.mac, kGuest, kPeer};

  Bench() { link.end(0).attach(*this); }
  void frame_received(View frame) override {
    received.emplace_back(clock.now(), Bytes(frame.begin(), frame.end()));
  }
  void frame_sent(u64) override {}
  void link_changed(bool) override {}

  void send(Bytes frame) { link.end(0).send(0, std::move(frame)); }
  /// Sends `frame` and returns what comes back within 100 ms of simulated time.
  std::vector<Bytes> exchange(Bytes frame, Picoseconds wait = 100 * kMillisecond) {
    received.clear();
    send(std::move(frame));
    clock.advance(wait);
    std::vector<Bytes> answers;
    answers.reserve(received.size());
    for (auto& [time, bytes] : received) answers.push_back(bytes);
    return answers;
  }
  Bytes udp(u16 port, View payload) { return make_udp(route, 1, 40000, port, payload); }
  /// TCP payloads and flags that come back for `segment`.
  std::vector<TcpSegment> tcp(TcpSegment segment, std::vector<Bytes>& keep) {
    segment.source_port = 50000;
    segment.window = 65535;
    keep = exchange(make_tcp(route, 1, segment));
    std::vector<TcpSegment> answers;
    answers.reserve(keep.size());
    for (const Bytes& frame : keep)
      answers.push_back(*parse_tcp(*parse_ipv4(View(frame).subspan(kEthernetHeader))));
    return answers;
  }
};

Bytes payload_of(const Bytes& frame) {
  const auto packet = parse_ipv4(View(frame).subspan(kEthernetHeader));
  REQUIRE(packet);
  const auto datagram = parse_udp(*packet);
  REQUIRE(datagram);
  return {datagram->payload.begin(), datagram->payload.end()};
}

Bytes numbers(std::initializer_list<u32> values) {
  Bytes bytes;
  for (const u32 value : values) put32(bytes, value);
  return bytes;
}

/// A TCP client that takes everything in order and acknowledges each segment.
struct TcpClient {
  Bench& bench;
  u16 port;
  u32 next = 1001, peer_next = 0;
  Bytes got;
  bool closed = false;

  TcpClient(Bench& b, u16 p) : bench(b), port(p) {
    std::vector<Bytes> keep;
    const auto answers = bench.tcp({0, port, 1000, 0, TcpSegment::kSyn, 0, 1460, {}}, keep);
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].flags == (TcpSegment::kSyn | TcpSegment::kAck));
    CHECK(answers[0].acknowledgement == 1001);
    CHECK(answers[0].maximum_segment == 1460);
    peer_next = answers[0].sequence + 1;
    send(TcpSegment::kAck, {});
  }
  /// Sends `data` and goes on acknowledging until the peer is silent. `lose` drops that many data segments
  /// first.
  void send(u8 flags, View data, unsigned lose = 0) {
    std::vector<Bytes> keep;
    auto answers = bench.tcp({0, port, next, peer_next, flags, 0, 0, data}, keep);
    next += static_cast<u32>(data.size()) + ((flags & TcpSegment::kFin) != 0 ? 1 : 0);
    while (!answers.empty()) {
      bool news = false;
      for (const TcpSegment& segment : answers) news = take(segment, lose) || news;
      std::vector<Bytes> more;
      if (news) {
        answers = bench.tcp({0, port, next, peer_next, TcpSegment::kAck, 0, 0, {}}, more);
      } else {
        bench.received.clear();
        bench.clock.advance(kSecond);
        for (auto& [time, frame] : bench.received) more.push_back(frame);
        answers.clear();
        for (const Bytes& f : more)
          answers.push_back(*parse_tcp(*parse_ipv4(View(f).subspan(kEthernetHeader))));
      }
      keep = std::move(more);
    }
  }
  bool take(const TcpSegment& segment, unsigned& lose) {
    if (segment.sequence != peer_next || (segment.payload.empty() && !segment.has(TcpSegment::kFin)))
      return false;
    if (lose != 0) {
      --lose;
      return false;
    }
    put(got, segment.payload);
    peer_next += static_cast<u32>(segment.payload.size());
    if (segment.has(TcpSegment::kFin)) ++peer_next, closed = true;
    return true;
  }
};

View text(const char* bytes) {
  return {reinterpret_cast<const u8*>(bytes), std::char_traits<char>::length(bytes)};
}

}  // namespace

TEST_CASE("the peer answers ARP for its own address only", "[media]") {
  Bench bench;
  const std::string head =
      "0806"
      "0001080006040001"
      "525400123456"
      "0a00020f"
      "000000000000";
  CHECK(bench.exchange(hex("ffffffffffff525400123456" + head + "0a000202")) ==
        std::vector<Bytes>{hex("52540012345652550a000202"
                               "0806"
                               "0001080006040002"
                               "52550a000202"
                               "0a000202"
                               "525400123456"
                               "0a00020f")});
  CHECK(bench.exchange(hex("ffffffffffff525400123456" + head + "0a000203")).empty());
}

TEST_CASE("a ping comes back byte for byte", "[media]") {
  Bench bench;
  CHECK(bench.exchange(hex("52550a00020252540012345608004500002312344000400110960a00020f0a000202"
                           "0800665a0077000161626364656667")) ==
        std::vector<Bytes>{hex("52540012345652550a00020208004500002300014000400122c90a0002020a00020f"
                               "00006e5a0077000161626364656667")});
}

TEST_CASE("UDP echo comes back byte for byte, after wire, latency and the peer's delay", "[media]") {
  // Catches: an answer that takes no time, or host time.
  Bench bench;
  const Bytes request =
      hex("52550a00020252540012345608004500002100054000401122b70a00020f0a000202"
          "9c400007000d07aa68656c6c6f");
  CHECK(bench.exchange(request) ==
        std::vector<Bytes>{hex("52540012345652550a00020208004500002100014000401122bb0a0002020a00020f"
                               "00079c40000d07aa68656c6c6f")});
  // 47 bytes go as 60: 72 bytes on the wire each way.
  CHECK(bench.received[0].first == 2 * (576 * kNanosecond + kMicrosecond) + 10 * kMicrosecond);
}

TEST_CASE("damaged packets get no answer", "[media]") {
  Bench bench;
  Bytes frame = bench.udp(kEchoPort, text("hello"));
  for (const size_t at : {15u, 24u, 40u, 46u}) {
    Bytes damaged = frame;
    damaged[at] ^= 0x10;
    CHECK(bench.exchange(damaged).empty());
  }
  CHECK(bench.exchange(frame).size() == 1);
  frame.resize(frame.size() - 1);
  CHECK(bench.exchange(frame).empty());
}

TEST_CASE("request/response answers with tag and pattern", "[media]") {
  Bench bench;
  const auto answers = bench.exchange(bench.udp(kRequestPort, numbers({77, 300})));
  REQUIRE(answers.size() == 1);
  const Bytes payload = payload_of(answers[0]);
  REQUIRE(payload.size() == 308);
  CHECK(get32(payload, 0) == 77);
  CHECK(get32(payload, 4) == 300);
  for (size_t i = 0; i < 300; ++i) REQUIRE(payload[8 + i] == pattern_byte(i));
  CHECK(bench.exchange(bench.udp(kRequestPort, numbers({77, 1465}))).empty());
}

TEST_CASE("the bulk generator fills the wire, or keeps its gap", "[media]") {
  Bench bench;
  bench.exchange(bench.udp(kBulkPort, numbers({1000, 1472, 0})));
  REQUIRE(bench.received.size() == 1000);
  for (u32 i = 0; i < 1000; ++i) REQUIRE(get32(payload_of(bench.received[i].second), 0) == i);
  // Full frames on a 1 Gb/s wire: 1538 bytes each, gap included.
  CHECK(bench.received[999].first - bench.received[0].first == 999 * 12'304 * kNanosecond);
  bench.exchange(bench.udp(kBulkPort, numbers({10, 100, 50'000})));
  REQUIRE(bench.received.size() == 10);
  CHECK(bench.received[9].first - bench.received[0].first == 9 * 50 * kMicrosecond);
}

TEST_CASE("DHCP gives the guest its address", "[media]") {
  Bench bench;
  const auto message = [&](Bytes options) {
    Bytes dhcp = hex("010106001234567800000000");
    dhcp.resize(28);
    put(dhcp, kGuestMac);
    dhcp.resize(236);
    put(dhcp, hex("63825363"));
    put(dhcp, options);
    return make_udp({kGuestMac, kBroadcastMac, 0, 0xffff'ffff}, 1, 68, 67, dhcp);
  };
  auto answers = bench.exchange(message(hex("350101ff")));
  REQUIRE(answers.size() == 1);
  Bytes offer = payload_of(answers[0]);
  CHECK(offer[0] == 2);
  CHECK(get32(offer, 4) == 0x12345678);
  CHECK(get32(offer, 16) == kGuest);
  CHECK(Bytes(offer.begin() + 236, offer.begin() + 236 + 32) == hex("63825363"
                                                                    "350102"
                                                                    "36040a000202"
                                                                    "330400015180"
                                                                    "0104ffffff00"
                                                                    "03040a000202"
                                                                    "ff"));
  answers =
      bench.exchange(message(hex("350103"
                                 "36040a000202"
                                 "32040a00020fff")));
  REQUIRE(answers.size() == 1);
  CHECK(payload_of(answers[0])[242] == 5);
  answers =
      bench.exchange(message(hex("350103"
                                 "32040a000220ff")));
  REQUIRE(answers.size() == 1);
  CHECK(payload_of(answers[0])[242] == 6);
  CHECK(bench
            .exchange(message(hex("350103"
                                  "36040a000209"
                                  "32040a00020fff")))
            .empty());
}

TEST_CASE("TCP echo returns the stream and closes when the guest does", "[media]") {
  Bench bench;
  TcpClient client(bench, kEchoPort);
  Bytes sent;
  for (int i = 0; i < 20; ++i) {
    Bytes part(1460, static_cast<u8>('a' + i));
    put(sent, part);
    client.send(TcpSegment::kAck | TcpSegment::kPsh, part);
  }
  CHECK(client.got == sent);
  CHECK_FALSE(client.closed);
  client.send(TcpSegment::kFin | TcpSegment::kAck, {});
  CHECK(client.closed);
  bench.clock.advance(kSecond);
  CHECK(bench.peer.tcp().connections() == 0);
  CHECK(bench.peer.tcp().retransmissions() == 0);
}

TEST_CASE("HTTP serves as many bytes of the pattern as asked, even when segments are lost", "[media]") {
  // Catches: a stream that loses its place after going back.
  for (const unsigned lost : {0u, 3u}) {
    Bench bench;
    TcpClient client(bench, kHttpPort);
    client.send(TcpSegment::kAck, text("GET /200000 HTTP/1.1\r\nHost: 10.0.2.2\r\n\r\n"), lost);
    const std::string all(client.got.begin(), client.got.end());
    const size_t body = all.find("\r\n\r\n") + 4;
    CHECK(all.find("HTTP/1.0 200 OK\r\n") == 0);
    CHECK(all.find("Content-Length: 200000\r\n") != std::string::npos);
    REQUIRE(client.got.size() - body == 200'000);
    bool equal = true;
    for (size_t i = 0; i < 200'000; ++i) equal = equal && client.got[body + i] == pattern_byte(i);
    CHECK(equal);
    CHECK(client.closed);
    CHECK((bench.peer.tcp().retransmissions() != 0) == (lost != 0));
    client.send(TcpSegment::kFin | TcpSegment::kAck, {});
    bench.clock.advance(kSecond);
    CHECK(bench.peer.tcp().connections() == 0);
  }
}

TEST_CASE("a closed port answers with a reset", "[media]") {
  Bench bench;
  std::vector<Bytes> keep;
  const auto answers = bench.tcp({0, 1234, 1000, 0, TcpSegment::kSyn, 0, 0, {}}, keep);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].flags == (TcpSegment::kRst | TcpSegment::kAck));
  CHECK(answers[0].acknowledgement == 1001);
}

TEST_CASE("a guest that vanishes does not keep its connections", "[media]") {
  Bench bench;
  for (u16 i = 0; i < 500; ++i) {
    TcpSegment syn{static_cast<u16>(1000 + i), kEchoPort, 1, 0, TcpSegment::kSyn, 1000, 0, {}};
    bench.send(make_tcp(bench.route, 1, syn));
  }
  bench.clock.advance(50 * kMillisecond);
  CHECK(bench.peer.tcp().connections() == 256);
  bench.clock.advance(200 * kSecond);
  CHECK(bench.peer.tcp().connections() == 0);
}

TEST_CASE("whatever a guest sends, the peer survives and answers alike in every run", "[media]") {
  // Catches: lengths taken from packets without a check. Valid frames with a few bytes changed reach deepest.
  const auto run = [] {
    Bench bench;
    test::Random random{42};
    const std::vector<Bytes> seeds{
        bench.udp(kEchoPort, text("hello")),
        bench.udp(kBulkPort, numbers({5, 100, 1000})),
        bench.udp(67, Bytes(300, 1)),
        bench.udp(kRequestPort, numbers({1, 2})),
        make_tcp(bench.route, 1, {50000, 80, 7, 9, TcpSegment::kSyn, 100, 1460, {}}),
        make_tcp(bench.route, 1, {50000, 80, 8, 1'000'001, TcpSegment::kAck, 100, 0, text("GET /99 \n\n")})};
    for (int i = 0; i < 20'000; ++i) {
      Bytes frame = seeds[random.below(seeds.size())];
      for (u64 changes = random.below(4); changes != 0; --changes)
        frame[random.below(frame.size())] = static_cast<u8>(random.next());
      if (random.below(8) == 0) frame.resize(random.below(frame.size() + 1));
      bench.link.end(0).send(0, std::move(frame));
      bench.clock.advance(random.below(20) * kMicrosecond);
    }
    bench.clock.advance(10 * kSecond);
    u64 hash = bench.received.size();
    for (const auto& [time, frame] : bench.received) {
      hash = hash * 31 + time;
      for (const u8 byte : frame) hash = hash * 31 + byte;
    }
    CHECK(bench.received.size() > 1000);
    return hash;
  };
  CHECK(run() == run());
}
