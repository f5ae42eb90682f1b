// Quantities with their units, as scenarios write them: "10ms", "256MiB", "3.4GHz". Exact: no rounding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/base/types.hpp"

namespace hvlab::scenario {

/// What a quantity is of; the number is a whole number of the smallest unit.
enum class Dimension : u8 {
  Time,       // picoseconds: ps, ns, us, ms, s, min, h, d
  Size,       // bytes: B, KiB, MiB, GiB, TiB
  Frequency,  // hertz: Hz, kHz, MHz, GHz
  Rate,       // bits a second: bit/s, kbit/s, Mbit/s, Gbit/s; kB/s, MB/s, GB/s are eight times that
};

struct Quantity {
  std::optional<u64> value;
  std::string wrong;  // "is without a unit": why there is no value
};

/// Reads a number, decimals allowed, and a unit right behind it or after a blank.
Quantity parse_quantity(Dimension dimension, std::string_view text);

/// The shortest text that reads back as `value`: "10ms".
std::string print_quantity(Dimension dimension, u64 value);

/// What a user can write: "a time, like 10ms, 1.5s (units: ps, ns, ...)".
std::string describe(Dimension dimension);

/// A regular expression (ECMA 262) of the texts that parse_quantity takes.
std::string pattern(Dimension dimension);

/// A whole number, decimal or hexadecimal with 0x; underscores may group decimal digits.
std::optional<u64> parse_count(std::string_view text);

/// A decimal number, such as 1.5 or 2e-3; neither infinite nor negative.
std::optional<double> parse_number(std::string_view text);

/// The shortest text that reads back as `value`.
std::string print_number(double value);

/// Seconds since 1970 of "2024-02-29" or "2024-02-29T12:30:00" in UTC, from 1970 to 2099.
std::optional<i64> parse_date(std::string_view text);

}  // namespace hvlab::scenario
