// What a sweep varies: axes of a scenario's values, and the cells that they span.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::sweep {

/// A key of the scenario and the values it takes, in the order in which they were given.
struct Axis {
  std::string path;                 // "machine.cores"
  std::vector<std::string> values;  // as a scenario writes them, units included
};

/// One combination: a value for each axis, in their order.
using Combination = std::vector<std::string>;

/// Reads "PATH=A,B,C" or "PATH=LO..HI:STEPS": STEPS values (2 to 1000) at equal distances from LO to HI, or
/// at equal ratios with ":log" behind it. Both ends have the same unit, if any. Whole ends give whole values,
/// rounded to nearest. Throws UserError on anything else, and when two values of an axis are the same.
Axis parse_axis(const std::string& text);

/// Every combination, the last axis changing fastest; a single empty one if there are no axes.
/// Throws UserError if there are more than kMostCells, or if two axes have the same path.
std::vector<Combination> combinations(const std::vector<Axis>& axes);
inline constexpr size_t kMostCells = 100000;

/// The number that a value begins with, scaled by its unit (sizes in bytes, times in seconds, frequencies in
/// Hz), so that values can be put in order and on an axis; nothing if it is not a number.
std::optional<double> number_of(const std::string& value);

}  // namespace hvlab::sweep
