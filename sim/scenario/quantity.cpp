#include "sim/scenario/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <span>

namespace hvlab::scenario {

namespace {

struct Unit {
  std::string_view name;
  u64 factor;
};

// Largest last.
constexpr Unit kTime[] = {
    {"ps", 1},      {"ns", kNanosecond},   {"us", kMicrosecond},  {"ms", kMillisecond},
    {"s", kSecond}, {"min", 60 * kSecond}, {"h", 3600 * kSecond}, {"d", 86400 * kSecond}};
constexpr Unit kSize[] = {
    {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", u64{1} << 40}};
constexpr Unit kFrequency[] = {{"Hz", 1}, {"kHz", 1'000}, {"MHz", 1'000'000}, {"GHz", 1'000'000'000}};
constexpr Unit kRate[] = {
    {"bit/s", 1},          {"kB/s", 8'000},         {"kbit/s", 1'000},        {"MB/s", 8'000'000},
    {"Mbit/s", 1'000'000}, {"GB/s", 8'000'000'000}, {"Gbit/s", 1'000'000'000}};

struct About {
  const char* kind;
  const char* examples;
  std::span<const Unit> units;
};

const About& about(Dimension dimension) {
  static const std::array<About, 4> kAll = {{{"a time", "10ms or 1.5s", kTime},
                                             {"a size", "256MiB or 4KiB", kSize},
                                             {"a frequency", "3.4GHz or 100MHz", kFrequency},
                                             {"a rate", "1Gbit/s or 100MB/s", kRate}}};
  return kAll[static_cast<size_t>(dimension)];
}

constexpr size_t kMostDecimals = 9;

bool digit(char c) { return c >= '0' && c <= '9'; }

/// The digits at the front of `text`, which they leave.
std::string_view take_digits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && digit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

const Unit* unit_named(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::string unit_names(std::span<const Unit> units, const char* between) {
  std::string names;
  for (const Unit& unit : units) names += (names.empty() ? "" : between) + std::string(unit.name);
  return names;
}

/// whole.decimals times `factor`, exactly; nothing if that is no whole number or too large.
std::optional<u64> scaled(std::string_view whole, std::string_view decimals, u64 factor) {
  u64 units = 0, part = 0, divisor = 1;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), units).ec != std::errc{}) return {};
  if (!decimals.empty()) std::from_chars(decimals.data(), decimals.data() + decimals.size(), part);
  for (size_t i = 0; i < decimals.size(); ++i) divisor *= 10;
  const auto fraction = static_cast<unsigned __int128>(part) * factor;
  const auto value = static_cast<unsigned __int128>(units) * factor + fraction / divisor;
  if (fraction % divisor != 0 || value > ~u64{0}) return {};
  return static_cast<u64>(value);
}

}  // namespace

Quantity parse_quantity(Dimension dimension, std::string_view text) {
  const std::span<const Unit> units = about(dimension).units;
  std::string_view rest = text;
  const std::string_view whole = take_digits(rest);
  std::string_view decimals;
  if (whole.empty()) return {{}, fmt::format("'{}' is not {}", text, about(dimension).kind)};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    decimals = take_digits(rest);
    if (decimals.empty() || decimals.size() > kMostDecimals)
      return {{}, fmt::format("'{}' is not {}", text, about(dimension).kind)};
  }
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) return {{}, fmt::format("'{}' has no unit", text)};
  const Unit* unit = unit_named(units, rest);
  if (unit == nullptr) return {{}, fmt::format("'{}' is no unit of {}", rest, about(dimension).kind)};
  const std::optional<u64> value = scaled(whole, decimals, unit->factor);
  if (!value) return {{}, fmt::format("'{}' is too large, or too small a part of a unit", text)};
  return {value, ""};
}

std::string print_quantity(Dimension dimension, u64 value) {
  const std::span<const Unit> units = about(dimension).units;
  if (value == 0)
    return "0" + std::string(unit_named(units, dimension == Dimension::Time ? "s" : units[0].name)->name);
  // A few minutes read well only when nothing else does.
  constexpr u64 kFew = 5;
  for (size_t i = units.size(); i-- > 0;) {
    if ((units[i].name != "min" || value >= kFew * units[i].factor) && value % units[i].factor == 0)
      return fmt::format("{}{}", value / units[i].factor, units[i].name);
  }
  return fmt::format("{}{}", value, units[0].name);
}

std::string describe(Dimension dimension) {
  const About& kind = about(dimension);
  return fmt::format("{} with its unit ({}), like {}", kind.kind, unit_names(kind.units, ", "),
                     kind.examples);
}

std::string pattern(Dimension dimension) {
  return fmt::format("^[0-9]+(\\.[0-9]{{1,{}}})? ?({})$", kMostDecimals,
                     unit_names(about(dimension).units, "|"));
}

std::optional<u64> parse_count(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x");
  std::string digits(text.substr(hexadecimal ? 2 : 0));
  if (!hexadecimal && !digits.empty() && digit(digits.front()) && digit(digits.back()))
    std::erase(digits, '_');
  u64 value = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value, hexadecimal ? 16 : 10);
  if (result.ec != std::errc{} || result.ptr != end) return {};
  return value;
}

std::optional<double> parse_number(std::string_view text) {
  if (text.empty() || !digit(text.front())) return {};
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::string print_number(double value) {
  char text[40];
  const auto result = std::to_chars(text, text + sizeof text, value);
  return {text, result.ptr};
}

std::optional<i64> parse_date(std::string_view text) {
  namespace chrono = std::chrono;
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() != 10 && text.size() != kShape.size()) return {};
  unsigned fields[6] = {}, field = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == 'd' ? !digit(text[i]) : text[i] != kShape[i]) return {};
    if (kShape[i] == 'd') fields[field] = fields[field] * 10 + static_cast<unsigned>(text[i] - '0');
    field += kShape[i] == 'd' ? 0 : 1;
  }
  const chrono::year_month_day date{chrono::year(static_cast<int>(fields[0])), chrono::month(fields[1]),
                                    chrono::day(fields[2])};
  if (!date.ok() || fields[0] < 1970 || fields[0] > 2099 || fields[3] > 23 || fields[4] > 59 ||
      fields[5] > 59)
    return {};
  const i64 days = chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + fields[3] * 3600 + fields[4] * 60 + fields[5];
}

}  // namespace hvlab::scenario
