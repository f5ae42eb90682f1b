#include "sim/sweep/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "sim/base/user_error.hpp"

namespace hvlab::sweep {

namespace {

constexpr u64 kMostSteps = 1000;

struct Quantity {
  double number = 0;
  bool whole = false;
  std::string unit;
};

/// "12", "1.5ms", "-3": the number and what follows it.
std::optional<Quantity> read_quantity(const std::string& text) {
  Quantity quantity;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, quantity.number);
  if (error != std::errc{} || !std::isfinite(quantity.number)) return std::nullopt;
  quantity.unit.assign(rest, end);
  quantity.whole =
      std::find_if(text.data(), rest, [](char c) { return c == '.' || c == 'e' || c == 'E'; }) == rest;
  return quantity;
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw UserError(fmt::format("--vary {}: {}; write PATH=A,B,C or PATH=LO..HI:STEPS", text, why));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// The values of "LO..HI:STEPS[:log]"; `dots` is where ".." is in `range`.
std::vector<std::string> spread(const std::string& text, const std::string& range, size_t dots) {
  const std::vector<std::string> parts = split(range.substr(dots + 2), ':');
  const bool logarithmic = parts.size() == 3 && parts[2] == "log";
  if (parts.size() != 2 && !logarithmic)
    refuse(text, "a range ends in the number of its values, as in 1..16:5");
  const std::optional<Quantity> low = read_quantity(range.substr(0, dots));
  const std::optional<Quantity> high = read_quantity(parts[0]);
  if (!low || !high) refuse(text, "the ends of a range are numbers");
  if (low->unit != high->unit) refuse(text, "both ends of a range have the same unit");
  u64 steps = 0;
  const auto [rest, error] = std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), steps);
  if (error != std::errc{} || *rest != '\0' || steps < 2 || steps > kMostSteps)
    refuse(text, fmt::format("a range has from 2 to {} values", kMostSteps));
  if (logarithmic && !(low->number > 0 && high->number > 0))
    refuse(text, "a range of equal ratios lies above zero");
  std::vector<std::string> values;
  for (u64 step = 0; step < steps; ++step) {
    const double share = static_cast<double>(step) / static_cast<double>(steps - 1);
    double number = logarithmic ? low->number * std::pow(high->number / low->number, share)
                                : low->number + (high->number - low->number) * share;
    if (low->whole && high->whole) number = std::round(number);
    // Ten digits hide the last bits that a sum of fractions leaves.
    values.push_back(fmt::format("{:.10g}{}", number, low->unit));
  }
  return values;
}

/// What a unit of a scenario stands for; 0 if it is none.
double scale_of(const std::string& unit) {
  struct Unit {
    const char* name;
    double scale;
  };
  static constexpr Unit kUnits[] = {
      {"", 1},         {"%", 0.01},        {"x", 1},           {"ps", 1e-12},    {"ns", 1e-9},
      {"us", 1e-6},    {"ms", 1e-3},       {"s", 1},           {"min", 60},      {"h", 3600},
      {"B", 1},        {"KiB", 1024},      {"MiB", 1 << 20},   {"GiB", 1 << 30}, {"TiB", 1099511627776.0},
      {"K", 1024},     {"M", 1 << 20},     {"G", 1 << 30},     {"kB", 1e3},      {"MB", 1e6},
      {"GB", 1e9},     {"Hz", 1},          {"kHz", 1e3},       {"MHz", 1e6},     {"GHz", 1e9},
      {"bit/s", 1},    {"kbit/s", 1e3},    {"Mbit/s", 1e6},    {"Gbit/s", 1e9},  {"B/s", 1},
      {"KiB/s", 1024}, {"MiB/s", 1 << 20}, {"GiB/s", 1 << 30}, {"MB/s", 1e6}};
  for (const Unit& known : kUnits) {
    if (unit == known.name) return known.scale;
  }
  return 0;
}

}  // namespace

Axis parse_axis(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) refuse(text, "no key to vary");
  Axis axis{text.substr(0, equals), {}};
  const std::string rest = text.substr(equals + 1);
  const size_t dots = rest.find("..");
  axis.values = dots != std::string::npos && rest.find(',') == std::string::npos ? spread(text, rest, dots)
                                                                                 : split(rest, ',');
  std::set<std::string> seen;
  for (const std::string& value : axis.values) {
    if (value.empty()) refuse(text, "a value is missing");
    if (!seen.insert(value).second) refuse(text, fmt::format("the value {} is there twice", value));
  }
  return axis;
}

std::vector<Combination> combinations(const std::vector<Axis>& axes) {
  size_t count = 1;
  std::set<std::string> paths;
  for (const Axis& axis : axes) {
    if (!paths.insert(axis.path).second)
      throw UserError("--vary " + axis.path + ": it is there twice; give all its values at once");
    count *= axis.values.size();
    if (count > kMostCells)
      throw UserError(fmt::format("--vary: more than {} cells; vary less at a time", kMostCells));
  }
  std::vector<Combination> all;
  all.reserve(count);
  for (size_t index = 0; index < count; ++index) {
    Combination combination(axes.size());
    size_t rest = index;
    for (size_t axis = axes.size(); axis-- > 0;) {
      combination[axis] = axes[axis].values[rest % axes[axis].values.size()];
      rest /= axes[axis].values.size();
    }
    all.push_back(std::move(combination));
  }
  return all;
}

std::optional<double> number_of(const std::string& value) {
  const std::optional<Quantity> quantity = read_quantity(value);
  if (!quantity) return std::nullopt;
  const double scale = scale_of(quantity->unit);
  if (scale == 0) return std::nullopt;
  return quantity->number * scale;
}

}  // namespace hvlab::sweep
