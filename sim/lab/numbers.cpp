#include "sim/lab/numbers.hpp"

#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {

namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& text, const std::string& wanted) {
  throw UserError(option + " '" + text + "': give " + wanted);
}

// Takes a decimal number off the front of `text`; false if there is none or it does not fit.
bool take_number(std::string_view& text, u64& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

// value * unit, or false where that does not fit in 64 bits.
bool multiply(u64 value, u64 unit, u64& product) { return !__builtin_mul_overflow(value, unit, &product); }

std::string spell_size(u64 bytes) {
  if (bytes % (u64{1} << 30) == 0) return std::to_string(bytes >> 30) + "G";
  if (bytes % (u64{1} << 20) == 0) return std::to_string(bytes >> 20) + "M";
  return std::to_string(bytes >> 10) + "K";
}

// The unit `name` of `units`, or 0.
template <size_t N>
u64 unit_of(const std::pair<std::string_view, u64> (&units)[N], std::string_view name) {
  for (const auto& [unit, value] : units) {
    if (unit == name) return value;
  }
  return 0;
}

constexpr std::pair<std::string_view, u64> kSizeUnits[] = {
    {"", u64{1} << 20},    {"K", u64{1} << 10}, {"KiB", u64{1} << 10}, {"M", u64{1} << 20},
    {"MiB", u64{1} << 20}, {"G", u64{1} << 30}, {"GiB", u64{1} << 30}};
constexpr std::pair<std::string_view, u64> kTimeUnits[] = {
    {"", kSecond},          {"ps", 1},      {"ns", kNanosecond},   {"us", kMicrosecond},
    {"ms", kMillisecond},   {"s", kSecond}, {"min", 60 * kSecond}, {"h", 3600 * kSecond},
    {"d", 86'400 * kSecond}};

}  // namespace

u64 parse_count(const std::string& option, const std::string& text, u64 least, u64 most) {
  std::string_view rest = text;
  const bool hexadecimal = rest.starts_with("0x");
  if (hexadecimal) rest.remove_prefix(2);
  u64 value = 0;
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), value, hexadecimal ? 16 : 10);
  if (error != std::errc{} || end != rest.data() + rest.size() || value < least || value > most) {
    refuse(option, text, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

u64 parse_size(const std::string& option, const std::string& text, u64 least, u64 most) {
  std::string_view rest = text;
  u64 value = 0, bytes = 0;
  u64 unit = 0;
  if (take_number(rest, value)) unit = unit_of(kSizeUnits, rest);
  if (unit == 0 || !multiply(value, unit, bytes) || bytes < least || bytes > most) {
    refuse(option, text,
           "a size from " + spell_size(least) + " to " + spell_size(most) + ", like 512M or 2G");
  }
  return bytes;
}

Picoseconds parse_span(const std::string& option, const std::string& text) {
  const std::string wanted = "a time above zero and at most 200 days, like 10s, 500ms or 1.5s";
  std::string_view rest = text;
  u64 whole = 0, fraction = 0, fraction_unit = 1;
  if (!take_number(rest, whole)) refuse(option, text, wanted);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const size_t length = rest.size();
    if (!take_number(rest, fraction) || length - rest.size() > 12) refuse(option, text, wanted);
    for (size_t digits = length - rest.size(); digits != 0; --digits) fraction_unit *= 10;
  }
  const u64 unit = unit_of(kTimeUnits, rest);
  u64 time = 0;
  if (unit == 0 || !multiply(whole, unit, time)) refuse(option, text, wanted);
  // A unit is at most 10^17 and the fraction below 10^12, so their product needs more than 64 bits.
  const u64 part = static_cast<u64>(static_cast<unsigned __int128>(fraction) * unit / fraction_unit);
  if (time + part == 0 || time + part < time || time + part > 200ull * 86400 * kSecond) {
    refuse(option, text, wanted);
  }
  return time + part;
}

i64 parse_date(const std::string& option, const std::string& text) {
  const std::string wanted = "a date in UTC from 1970 to 2099, like 2024-02-29 or 2024-02-29T12:30:00";
  namespace chrono = std::chrono;
  std::string_view rest = text;
  u64 fields[6] = {0, 1, 1, 0, 0, 0};
  if (rest.starts_with('@')) {
    rest.remove_prefix(1);
    u64 seconds = 0;
    if (!take_number(rest, seconds) || !rest.empty() || seconds >= 4'102'444'800) {
      refuse(option, text, wanted);
    }
    return static_cast<i64>(seconds);
  }
  constexpr std::string_view kSeparators = "--T::";
  size_t count = 0;
  while (count < 6 && take_number(rest, fields[count])) {
    ++count;
    if (count == 6 || !rest.starts_with(kSeparators[count - 1])) break;
    rest.remove_prefix(1);
  }
  const chrono::year_month_day date{chrono::year(static_cast<int>(fields[0] % 10'000)),
                                    chrono::month(static_cast<unsigned>(fields[1] % 100)),
                                    chrono::day(static_cast<unsigned>(fields[2] % 100))};
  const bool whole = rest.empty() && (count == 3 || count == 6);
  if (!whole || fields[0] < 1970 || fields[0] > 2099 || fields[1] > 12 || fields[2] > 31 || !date.ok() ||
      fields[3] > 23 || fields[4] > 59 || fields[5] > 59) {
    refuse(option, text, wanted);
  }
  const chrono::sys_days days{date};
  return static_cast<i64>(days.time_since_epoch().count()) * 86400 +
         static_cast<i64>(fields[3] * 3600 + fields[4] * 60 + fields[5]);
}

}  // namespace hvlab::lab
