// Would catch: bytes that are lost, doubled or mixed up when segments are; a connection that hangs when the
// window has been closed, or that does not end; an answer to a segment that belongs to no connection's
// present.
#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <random>
#include <vector>

#include "hv-models/kernel/tcp_connection.hpp"

using namespace hvlab;
using namespace hvlab::kernel;

namespace {

struct Segment {
  TcpHeader header;
  std::vector<u8> payload;
};

struct End {
  std::vector<u8> rings = std::vector<u8>(2 * TcpConnection::kRing);
  TcpConnection tcp{rings.data()};
  std::vector<u8> got;
  size_t written = 0;
};

std::vector<u8> pattern(size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<u8> result(bytes);
  for (u8& byte : result) byte = static_cast<u8>(random());
  return result;
}

// Two ends that open to each other at once, and a wire between them that loses, doubles and reorders.
struct Pair {
  End ends[2];
  std::deque<Segment> wires[2];  // towards each
  std::mt19937 random;
  unsigned harm;  // of 100 segments, so many are lost, doubled, or overtaken
  u64 now = 0;

  Pair(unsigned harm_of_100, unsigned seed) : random(seed), harm(harm_of_100) {
    ends[0].tcp.open(0xffff'ff00);  // runs round early
    ends[1].tcp.open(77);
  }
  bool strikes() { return random() % 100 < harm; }
  void send(unsigned from) {
    Segment segment{{}, std::vector<u8>(TcpConnection::kMostAtOnce)};
    u32 bytes = 0;
    while (ends[from].tcp.output(segment.header, segment.payload.data(), bytes, now)) {
      Segment copy{segment.header, {segment.payload.begin(), segment.payload.begin() + bytes}};
      std::deque<Segment>& wire = wires[1 - from];
      if (strikes()) continue;
      if (strikes()) wire.push_back(copy);
      if (strikes()) {
        wire.push_front(copy);
      } else {
        wire.push_back(copy);
      }
    }
  }
  void deliver(unsigned to) {
    std::deque<Segment> arrived;
    arrived.swap(wires[to]);
    for (const Segment& s : arrived)
      ends[to].tcp.input(s.header, s.payload.data(), static_cast<u32>(s.payload.size()), now);
  }
  // Both write `data[i]`, close, and read in steps of at most `step` bytes.
  bool exchange(const std::vector<u8> (&data)[2], u32 step) {
    for (unsigned round = 0; round < 100'000; ++round) {
      for (unsigned i = 0; i < 2; ++i) {
        End& end = ends[i];
        const size_t left = data[i].size() - end.written;
        if (end.tcp.state() == TcpConnection::State::Open)
          end.written +=
              end.tcp.write(data[i].data() + end.written, static_cast<u32>(std::min<size_t>(left, 5000)));
        if (end.written == data[i].size()) end.tcp.close();
        send(i);
        deliver(i);
        std::vector<u8> part(step);
        part.resize(end.tcp.read(part.data(), step));
        end.got.insert(end.got.end(), part.begin(), part.end());
        send(i);
      }
      now += 1'000'000;
      for (End& end : ends) {
        if (end.tcp.deadline() <= now) end.tcp.time_out();
      }
      if (ends[0].tcp.at_end() && ends[1].tcp.at_end() &&
          ends[0].tcp.readable() + ends[1].tcp.readable() == 0)
        return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("TCP delivers every byte in order, over a wire that loses, doubles and reorders segments") {
  for (const unsigned harm : {0u, 1u, 10u}) {
    for (unsigned seed = 0; seed < 10; ++seed) {
      CAPTURE(harm, seed);
      Pair pair(harm, seed);
      const std::vector<u8> data[2] = {pattern(200'000 + seed, seed), pattern(seed * 1000, seed + 100)};
      REQUIRE(pair.exchange(data, 3000));
      CHECK(pair.ends[0].got == data[1]);
      CHECK(pair.ends[1].got == data[0]);
    }
  }
}

// Would catch: data that waits for ever because it is little; an end that splits what others are to cut.
TEST_CASE(
    "what somebody else cuts up arrives too, from an end that sends little only when nothing is under way") {
  for (const unsigned harm : {0u, 5u}) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      CAPTURE(harm, seed);
      Pair pair(harm, seed);
      pair.ends[0].tcp.set_large(true);
      const std::vector<u8> data[2] = {pattern(300'000 + seed, seed), pattern(5000, seed + 100)};
      REQUIRE(pair.exchange(data, 60'000));
      CHECK(pair.ends[0].got == data[1]);
      CHECK(pair.ends[1].got == data[0]);
    }
  }
  Pair pair(0, 1);
  for (unsigned i = 0; i < 4; ++i) {
    for (unsigned end = 0; end < 2; ++end) pair.send(end), pair.deliver(1 - end);
  }
  TcpConnection& tcp = pair.ends[0].tcp;
  REQUIRE(tcp.state() == TcpConnection::State::Open);
  tcp.set_large(true);
  const std::vector<u8> data = pattern(TcpConnection::kRing, 9);
  tcp.write(data.data(), 3000);
  CHECK(tcp.sendable() == 3000);  // nothing is under way
  pair.send(0);
  tcp.write(data.data() + 3000, 3000);
  CHECK(tcp.sendable() == 0);
  tcp.write(data.data() + 6000, 40'000);
  CHECK(tcp.sendable() == 43'000 - 43'000 % TcpConnection::kSegment);
  tcp.set_large(false);
  CHECK(tcp.sendable() == TcpConnection::kSegment);
}

// Catches a sender that waits for its time-out although the receiver says again and again what it misses.
TEST_CASE("three duplicate acknowledgements have a lost segment sent again, without a time-out") {
  Pair pair(0, 1);
  for (int round = 0; round < 4; ++round) {
    for (const unsigned i : {0u, 1u}) pair.send(i), pair.deliver(1 - i);
  }
  REQUIRE(pair.ends[0].tcp.state() == TcpConnection::State::Open);
  const std::vector<u8> data = pattern(6 * TcpConnection::kSegment, 3);
  REQUIRE(pair.ends[0].tcp.write(data.data(), static_cast<u32>(data.size())) == data.size());
  pair.send(0);
  REQUIRE(pair.wires[1].size() == 6);
  pair.wires[1].pop_front();
  for (int round = 0; round < 12; ++round) {
    std::deque<Segment> arriving;
    arriving.swap(pair.wires[1]);
    for (const Segment& segment : arriving) {  // each is answered by itself
      pair.wires[1].push_back(segment);
      pair.deliver(1);
      pair.send(1);
    }
    pair.deliver(0);
    pair.send(0);
  }
  std::vector<u8> got(data.size() + 1);
  got.resize(pair.ends[1].tcp.read(got.data(), static_cast<u32>(got.size())));
  CHECK(got == data);
  CHECK(pair.now == 0);
}

TEST_CASE("a reader that takes little at a time closes the window, and opens it again") {
  Pair pair(2, 5);
  const std::vector<u8> data[2] = {pattern(150'000, 1), pattern(10, 2)};
  REQUIRE(pair.exchange(data, 100));
  CHECK(pair.ends[1].got == data[0]);
}

TEST_CASE("a connection that nobody answers ends by time-outs, one that is refused at once") {
  End lonely;
  lonely.tcp.open(5);
  TcpHeader header;
  u8 payload[TcpConnection::kSegment];
  u32 bytes = 0;
  unsigned sent = 0;
  for (u64 now = 0; lonely.tcp.state() != TcpConnection::State::Ended; now = lonely.tcp.deadline()) {
    while (lonely.tcp.output(header, payload, bytes, now)) {
      CHECK(header.flags == kTcpSyn);
      ++sent;
    }
    lonely.tcp.time_out();
  }
  CHECK(sent == TcpConnection::kMostTries);
  CHECK(lonely.tcp.fate() == TcpConnection::Fate::TimedOut);

  End refused;
  refused.tcp.open(5);
  REQUIRE(refused.tcp.output(header, payload, bytes, 0));
  refused.tcp.input({1, 2, 0, 99, kTcpReset | kTcpAck, 0, 0, 20}, nullptr, 0, 0);  // of another connection
  CHECK(refused.tcp.state() == TcpConnection::State::SynSent);
  refused.tcp.input({1, 2, 0, 6, kTcpReset | kTcpAck, 0, 0, 20}, nullptr, 0, 0);
  CHECK(refused.tcp.fate() == TcpConnection::Fate::Refused);
}

TEST_CASE("a TCP header as it is on the wire, and every changed bit is noticed") {
  std::vector<u8> segment(kTcpBytes + kTcpOptionBytes + 7, 0x5a);
  const Ipv4Header ip{kProtocolTcp, 0x0a00020f, 0x0a000202, 20, static_cast<u16>(segment.size())};
  put_tcp(segment.data(), {50'000, 80, 0x1234'5678, 0x9abc'def0, kTcpSyn | kTcpAck, 4096, 1460, 0}, ip, 7);
  const u8 begin[] = {0xc3, 0x50, 0, 80, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x60, 0x12, 0x10, 0};
  CHECK(std::equal(std::begin(begin), std::end(begin), segment.begin()));
  // RFC 9293, 3.1: over the pseudo-header too, whose protocol is 6.
  const u8 pseudo[] = {10, 0, 2, 15, 10, 0, 2, 2, 0, 6, 0, static_cast<u8>(segment.size())};
  CHECK(finish_checksum(
            add_to_checksum(add_to_checksum(0, pseudo, sizeof pseudo), segment.data(), segment.size())) == 0);
  TcpHeader header;
  REQUIRE(get_tcp(segment.data(), segment.size(), ip, header));
  CHECK(header.segment == 1460);
  CHECK(header.header_bytes == 24);
  CHECK(header.acknowledged == 0x9abc'def0);
  for (size_t bit = 0; bit < segment.size() * 8; ++bit) {
    std::vector<u8> damaged = segment;
    damaged[bit / 8] ^= static_cast<u8>(1 << bit % 8);
    TcpHeader other;
    CHECK_FALSE(get_tcp(damaged.data(), damaged.size(), ip, other));
  }
}
