// Catches numbers that are half read, out of range, or overflow on the way.
#include "sim/lab/numbers.hpp"

#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

TEST_CASE("counts are whole numbers within their range and nothing else") {
  REQUIRE(parse_count("--n", "8", 1, 8) == 8);
  REQUIRE(parse_count("--n", "0x10", 1, 99) == 16);
  REQUIRE(parse_count("--n", "18446744073709551615", 0, ~u64{0}) == ~u64{0});
  for (const char* bad :
       {"", "0", "9", "-1", "+1", " 1", "1 ", "1x", "1.0", "0x", "x1", "18446744073709551616"}) {
    CAPTURE(bad);
    REQUIRE_THROWS_AS(parse_count("--n", bad, 1, 8), UserError);
  }
}

TEST_CASE("sizes take binary units; without one they are MiB") {
  constexpr u64 kMiB = u64{1} << 20;
  REQUIRE(parse_size("--m", "512", 1, ~u64{0}) == 512 * kMiB);
  REQUIRE(parse_size("--m", "512M", 1, ~u64{0}) == 512 * kMiB);
  REQUIRE(parse_size("--m", "2GiB", 1, ~u64{0}) == 2048 * kMiB);
  REQUIRE(parse_size("--m", "64K", 1, ~u64{0}) == 65536);
  for (const char* bad : {"", "M", "1T", "1.5G", "-1M", "1 M", "17179869185G", "5M "}) {
    CAPTURE(bad);
    REQUIRE_THROWS_AS(parse_size("--m", bad, 1, ~u64{0}), UserError);
  }
  REQUIRE_THROWS_AS(parse_size("--m", "3M", 4 * kMiB, 8 * kMiB), UserError);
  REQUIRE_THROWS_AS(parse_size("--m", "9M", 4 * kMiB, 8 * kMiB), UserError);
}

TEST_CASE("spans of time take fractions, exactly") {
  REQUIRE(parse_span("--t", "10") == 10 * kSecond);
  REQUIRE(parse_span("--t", "1.5s") == kSecond + 500 * kMillisecond);
  REQUIRE(parse_span("--t", "500ms") == 500 * kMillisecond);
  REQUIRE(parse_span("--t", "0.000000001s") == kNanosecond);
  REQUIRE(parse_span("--t", "0.999999999min") == 59'999'999'940'000);
  for (const char* bad :
       {"", "0", "0s", "s", "-1s", "1y", "1.s", ".5s", "1.0000000000001s", "201000min9", "99999999999s"}) {
    CAPTURE(bad);
    REQUIRE_THROWS_AS(parse_span("--t", bad), UserError);
  }
}

TEST_CASE("dates are checked against the calendar") {
  REQUIRE(parse_date("--d", "1970-01-01") == 0);
  REQUIRE(parse_date("--d", "2024-02-29T23:59:58") == 1709251198);
  REQUIRE(parse_date("--d", "@1709251198") == 1709251198);
  for (const char* bad :
       {"", "2023-02-29", "2024-13-01", "1969-12-31", "2100-01-01", "2024-01-01T24:00:00", "2024-01",
        "2024-01-01T10", "2024-01-01 10:00:00", "2024-01-01x", "@", "@-1", "12024-01-01", "2024-101-01"}) {
    CAPTURE(bad);
    REQUIRE_THROWS_AS(parse_date("--d", bad), UserError);
  }
}

}  // namespace hvlab::lab
