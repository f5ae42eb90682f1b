// Would catch: off-by-one field extraction, a shift by 64, an overflow in time conversion.
#include <catch2/catch.hpp>

#include "sim/base/bits.hpp"

using namespace hvlab;

TEST_CASE("bit fields come out whole at both ends of a word") {
  CHECK(bits(0x8000'0000'0000'0001, 63, 63) == 1);
  CHECK(bits(0xFFFF'FFFF'FFFF'FFFF, 63, 0) == ~u64{0});
  CHECK(bits(0xABCD, 11, 4) == 0xBC);
  CHECK(low_mask(64) == ~u64{0});
  CHECK(low_mask(0) == 0);
}

TEST_CASE("sign extension reaches every width") {
  CHECK(sign_extend(0x80, 8) == -128);
  CHECK(sign_extend(0x7F, 8) == 127);
  CHECK(sign_extend(0x8000'0000'0000'0000, 64) == INT64_MIN);
}

TEST_CASE("scaling a day of picoseconds by a 3.4 GHz clock does not overflow") {
  const u64 day = u64{86'400} * kSecond;
  CHECK(scale(day, 3'400'000'000, kSecond) == u64{86'400} * 3'400'000'000);
  CHECK(scale_up(1, 1, 3) == 1);
  CHECK(scale(1, 1, 3) == 0);
}
