// Would catch: a unit that is off by a factor, a rounded value, a quantity without a unit that is taken, a
// text that does not read back as the value it was printed for.
#include "sim/scenario/quantity.hpp"

#include <catch2/catch.hpp>

using namespace hvlab;
using namespace hvlab::scenario;

TEST_CASE("quantities are exact") {
  CHECK(parse_quantity(Dimension::Time, "10ms").value == 10 * kMillisecond);
  CHECK(parse_quantity(Dimension::Time, "1.5 s").value == 1500 * kMillisecond);
  CHECK(parse_quantity(Dimension::Time, "0.000000001s").value == 1000);
  CHECK(parse_quantity(Dimension::Time, "2min").value == 120 * kSecond);
  CHECK(parse_quantity(Dimension::Size, "256MiB").value == u64{256} << 20);
  CHECK(parse_quantity(Dimension::Size, "0.5KiB").value == 512u);
  CHECK(parse_quantity(Dimension::Frequency, "3.4GHz").value == 3'400'000'000u);
  CHECK(parse_quantity(Dimension::Time, "0s").value == 0u);
}

TEST_CASE("what is no quantity says why") {
  CHECK(parse_quantity(Dimension::Time, "10").wrong == "'10' has no unit");
  CHECK(parse_quantity(Dimension::Size, "10MB").wrong == "'MB' is no unit of a size");
  CHECK(parse_quantity(Dimension::Size, "10 ms").wrong == "'ms' is no unit of a size");
  CHECK_FALSE(parse_quantity(Dimension::Time, "0.1ps").value);
  CHECK_FALSE(parse_quantity(Dimension::Time, "99999999999999999999s").value);
  CHECK_FALSE(parse_quantity(Dimension::Time, "99999999999s").value);
  for (const char* text :
       {"", "s", "-1s", "+1s", "1.s", ".5s", "1,5s", "1e3s", "1.0000000001s", "1  s", "1s "})
    CHECK_FALSE(parse_quantity(Dimension::Time, text).value);
}

TEST_CASE("what is printed reads back") {
  for (const u64 value :
       {u64{0}, u64{1}, u64{999}, u64{1000}, u64{1'500'000'000}, 90 * kSecond, 60 * kSecond, ~u64{0}}) {
    CHECK(parse_quantity(Dimension::Time, print_quantity(Dimension::Time, value)).value == value);
    CHECK(parse_quantity(Dimension::Size, print_quantity(Dimension::Size, value)).value == value);
    CHECK(parse_quantity(Dimension::Frequency, print_quantity(Dimension::Frequency, value)).value == value);
  }
  CHECK(print_quantity(Dimension::Time, 1500 * kMicrosecond) == "1500us");
  CHECK(print_quantity(Dimension::Size, u64{3} << 30) == "3GiB");
  CHECK(parse_number(print_number(0.1)) == 0.1);
}

TEST_CASE("counts, numbers and dates take nothing else") {
  CHECK(parse_count("0x10") == 16u);
  CHECK(parse_count("1_000_000") == 1'000'000u);
  for (const char* text : {"", "-1", "1.0", "1e3", "0x", "_1", "1_", "18446744073709551616"})
    CHECK_FALSE(parse_count(text));
  CHECK(parse_number("1.5e-3") == 0.0015);
  for (const char* text : {"", "-1", "nan", "inf", ".5", "1x", "1e999"}) CHECK_FALSE(parse_number(text));
  CHECK(parse_date("2024-01-01") == 1'704'067'200);
  CHECK(parse_date("2024-02-29T12:30:01") == 1'709'209'801);
  for (const char* text :
       {"2023-02-29", "2024-1-1", "2024-01-01T25:00:00", "2024-01-01 00:00:00", "1969-12-31", ""})
    CHECK_FALSE(parse_date(text));
}
