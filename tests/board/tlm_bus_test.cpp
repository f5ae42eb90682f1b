// Catches accesses that reach the wrong device, the wrong register, or a device where there is none.
#include "sim/board/tlm_bus.hpp"

#include <catch2/catch.hpp>

namespace hvlab::board {
namespace {

struct Bank final : RegisterTarget {
  std::vector<std::pair<u64, unsigned>> accesses;  // offset, size
  std::vector<u64> values;
  u64 answer = 0;
  u64 read(u64 offset, unsigned size) override {
    accesses.emplace_back(offset, size);
    return answer & (size == 8 ? ~u64{0} : (u64{1} << (size * 8)) - 1);
  }
  void write(u64 offset, unsigned size, u64 value) override {
    accesses.emplace_back(offset, size);
    values.push_back(value);
  }
};

using Accesses = std::vector<std::pair<u64, unsigned>>;

// SystemC forbids new modules once a simulation has run and wants names unique, so one board serves all
// cases.
struct Board {
  Bank low, high, rest;
  AccessCount low_count, high_count, rest_count;
  AddressDecoder decoder{"decoder"};
  AddressDecoder open_decoder{"open_decoder"};
  BusInitiator bus{"bus", decoder};
  BusInitiator open_bus{"open_bus", open_decoder};
  Board() {
    decoder.connect("low", 0x60, 1, low, low_count);
    decoder.connect("low_status", 0x64, 1, low, low_count, 4);
    decoder.connect("high", 0xfec00000, 0x1000, high, high_count);
    decoder.connect_rest("rest", rest, rest_count);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);  // binds the sockets
  }
  void clear() {
    low = {}, high = {}, rest = {};
    low_count = {}, high_count = {}, rest_count = {};
  }
};

Board& board() {
  static Board instance;
  instance.clear();
  return instance;
}

}  // namespace

TEST_CASE("a device sees the offset in its bank, the size and the value") {
  Board& b = board();
  b.bus.write(0xfec00010, 4, 0x12345678);
  b.high.answer = 0xa5a5'1234'5678'9abcull;
  REQUIRE(b.bus.read(0xfec00020, 8) == 0xa5a5'1234'5678'9abcull);
  REQUIRE(b.bus.read(0xfec00ffe, 2) == 0x9abc);
  REQUIRE(b.high.accesses == Accesses{{0x10, 4}, {0x20, 8}, {0xffe, 2}});
  REQUIRE(b.high.values == std::vector<u64>{0x12345678});
  REQUIRE((b.high_count.reads == 2 && b.high_count.writes == 1));
}

TEST_CASE("two ranges of one bank keep their offsets") {
  Board& b = board();
  b.bus.write(0x60, 1, 1), b.bus.write(0x64, 1, 2);
  REQUIRE(b.low.accesses == Accesses{{0, 1}, {4, 1}});
}

TEST_CASE("what nobody decodes goes to the subtractive target with its whole address") {
  Board& b = board();
  b.bus.read(0x61, 1), b.bus.read(0xe0000000, 4);
  REQUIRE(b.rest.accesses == Accesses{{0x61, 1}, {0xe0000000, 4}});
}

TEST_CASE("without a subtractive target reads give all ones of their size") {
  Board& b = board();
  REQUIRE(b.open_bus.read(0x80, 1) == 0xff);
  REQUIRE(b.open_bus.read(0x80, 8) == ~u64{0});
  b.open_bus.write(0x80, 4, 1);
}

TEST_CASE("an access across the end of a range is done byte by byte") {
  Board& b = board();
  b.low.answer = 0x11, b.rest.answer = 0x22;
  REQUIRE(b.bus.read(0x60, 2) == 0x2211);
  b.bus.write(0xfec00fff, 2, 0xbbaa);
  REQUIRE(b.high.values == std::vector<u64>{0xaa});
  REQUIRE(b.rest.values == std::vector<u64>{0xbb});
}

TEST_CASE("overlapping ranges are refused") {
  AddressMap map;
  REQUIRE(map.add(10, 10, 0));
  REQUIRE(map.add(20, 1, 1));
  REQUIRE_FALSE(map.add(19, 1, 2));
  REQUIRE_FALSE(map.add(5, 6, 2));
  REQUIRE_FALSE(map.add(5, 100, 2));
  REQUIRE_FALSE(map.add(~u64{0}, 2, 2));
  REQUIRE(map.find(9).target == AddressMap::kNobody);
  REQUIRE(map.find(10).target == 0);
  REQUIRE(map.find(20).target == 1);
  REQUIRE(map.find(~u64{0}).target == AddressMap::kNobody);
}

}  // namespace hvlab::board
