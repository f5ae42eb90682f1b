// Ethernet links: every frame takes its time on the wire, exactly.
#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "sim/media/link.hpp"

using namespace hvlab;
using namespace hvlab::media;

namespace {

struct Client final : FrameClient {
  test::FakeClock& clock;
  std::vector<std::pair<Picoseconds, std::vector<u8>>> received;
  std::vector<std::pair<Picoseconds, u64>> sent;
  std::vector<bool> changes;
  explicit Client(test::FakeClock& c) : clock(c) {}
  void frame_received(std::span<const u8> frame) override {
    received.emplace_back(clock.now(), std::vector<u8>(frame.begin(), frame.end()));
  }
  void frame_sent(u64 id) override { sent.emplace_back(clock.now(), id); }
  void link_changed(bool up) override { changes.push_back(up); }
};

struct Bench {
  test::FakeClock clock;
  EthernetLink link;
  Client left{clock}, right{clock};
  explicit Bench(u64 rate = 1'000'000'000, u32 queue = 100)
      : link("link", LinkProfile{"test", rate, 700 * kNanosecond, queue, 0, {}}, clock) {
    link.end(0).attach(left);
    link.end(1).attach(right);
  }
};

}  // namespace

TEST_CASE("a frame takes preamble, itself and FCS, and the next one waits for the gap", "[media]") {
  // Catches: a wrong overhead. At 1 Gb/s a bit is 1000 ps: 1514 + 8 + 4 bytes are 12 208 ns, the gap 96 ns.
  for (const u64 rate : {100'000'000ull, 1'000'000'000ull, 10'000'000'000ull}) {
    Bench bench(rate);
    const Picoseconds bit_time = kSecond / rate;
    bench.link.end(0).send(1, std::vector<u8>(1514, 1));
    bench.link.end(0).send(2, std::vector<u8>(1514, 2));
    bench.clock.advance(kSecond);
    const Picoseconds frame = (1514 + 12) * 8 * bit_time, gap = 12 * 8 * bit_time;
    CHECK(bench.left.sent == std::vector<std::pair<Picoseconds, u64>>{{frame, 1}, {frame + gap + frame, 2}});
    REQUIRE(bench.right.received.size() == 2);
    CHECK(bench.right.received[0].first == frame + 700 * kNanosecond);
    CHECK(bench.right.received[1].first == 2 * frame + gap + 700 * kNanosecond);
    CHECK(bench.right.received[1].second == std::vector<u8>(1514, 2));
  }
}

TEST_CASE("short frames take the time of the shortest", "[media]") {
  Bench bench;
  bench.link.end(0).send(1, std::vector<u8>(20, 1));
  bench.clock.advance(kSecond);
  CHECK(bench.left.sent[0].first == 72 * 8 * kNanosecond);
}

TEST_CASE("the two directions do not share the wire", "[media]") {
  // Catches: a half-duplex model.
  Bench bench;
  bench.link.end(0).send(1, std::vector<u8>(1514));
  bench.link.end(1).send(1, std::vector<u8>(1514));
  bench.clock.advance(kSecond);
  CHECK(bench.left.received[0].first == bench.right.received[0].first);
}

TEST_CASE("a full queue drops, counts, and still reports in order", "[media]") {
  // Catches: a controller that waits for ever for a dropped frame, or one counted as sent.
  Bench bench(1'000'000'000, 3);
  for (u64 id = 1; id <= 5; ++id) bench.link.end(0).send(id, std::vector<u8>(100, static_cast<u8>(id)));
  bench.clock.advance(kSecond);
  REQUIRE(bench.left.sent.size() == 5);
  for (u64 id = 1; id <= 5; ++id) CHECK(bench.left.sent[id - 1].second == id);
  CHECK(bench.right.received.size() == 3);
  CHECK(bench.link.counters(0).dropped == 2);
  CHECK(bench.link.counters(0).frames == 3);
  CHECK(bench.link.counters(0).bytes == 300);
}

TEST_CASE("abandoned frames do not arrive, and those on the wire do", "[media]") {
  Bench bench;
  for (u64 id = 1; id <= 3; ++id) bench.link.end(0).send(id, std::vector<u8>(1514));
  bench.clock.advance(12'208 * kNanosecond + 1);  // the first has left, the second has begun
  bench.link.end(0).abandon();
  bench.clock.advance(kSecond);
  CHECK(bench.left.sent.size() == 1);
  CHECK(bench.right.received.size() == 1);
  bench.link.end(0).send(9, std::vector<u8>(60));
  bench.clock.advance(kSecond);
  CHECK(bench.left.sent.back().second == 9);
  CHECK(bench.right.received.size() == 2);
}

TEST_CASE("a pulled cable loses frames, reports them, and tells both ends", "[media]") {
  Bench bench;
  bench.link.end(0).send(1, std::vector<u8>(1514));
  bench.link.set_up(false);
  bench.link.end(0).send(2, std::vector<u8>(1514));
  CHECK_FALSE(bench.link.end(1).up());
  bench.clock.advance(kSecond);
  CHECK(bench.left.sent.size() == 2);
  CHECK(bench.right.received.empty());
  bench.link.set_up(true);
  CHECK(bench.left.changes == std::vector<bool>{false, true});
  CHECK(bench.right.changes == std::vector<bool>{false, true});
}
