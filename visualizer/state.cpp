#include "visualizer/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/base/check.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

const ViewOption* option_named(const std::string& key) {
  const auto found =
      std::ranges::find(all_options(), key, [](const ViewOption& one) { return std::string(one.key); });
  return found == all_options().end() ? nullptr : &*found;
}

struct Unit {
  PicosecondDelta picoseconds;
  const char* name;
};
constexpr Unit kUnits[] = {
    {1'000'000'000'000, "s"}, {1'000'000'000, "ms"}, {1'000'000, "us"}, {1'000, "ns"}, {1, "ps"}};

// The letters that a shell takes as they are.
bool is_plain(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_-+./:,@%=").find(c) != std::string_view::npos;
  });
}

std::string quoted(const std::string& text) {
  if (is_plain(text)) return text;
  std::string said = "'";
  for (const char c : text) said += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return said + "'";
}

}  // namespace

std::string ViewState::option(const std::string& key) const {
  const ViewOption* known = option_named(key);
  HVLAB_CHECK(known != nullptr);
  const auto found = options.find(key);
  return found == options.end() ? known->default_value : found->second;
}

long long ViewState::number(const std::string& key) const {
  const std::string text = option(key);
  long long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void ViewState::set(const std::string& key, const std::string& value) {
  const ViewOption* known = option_named(key);
  HVLAB_CHECK(known != nullptr);
  if (value == known->default_value) {
    options.erase(key);
  } else {
    options[key] = value;
  }
}

std::optional<u64> number_in(const std::string& text) {
  u64 number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(number)
                                                                                   : std::nullopt;
}

std::string exact_time(PicosecondDelta time) {
  if (time == 0) return "0s";
  const bool negative = time < 0;
  const u64 size = negative ? 0 - static_cast<u64>(time) : static_cast<u64>(time);
  for (const Unit& unit : kUnits) {
    const auto one = static_cast<u64>(unit.picoseconds);
    if (size < one) continue;
    std::string text = std::to_string(size / one);
    if (const u64 rest = size % one; rest != 0) {
      const size_t digits = std::to_string(one).size() - 1;
      std::string decimals = fmt::format("{:0{}}", rest, digits);
      decimals.erase(decimals.find_last_not_of('0') + 1);
      text += "." + decimals;
    }
    return (negative ? "-" : "") + text + unit.name;
  }
  return "0s";
}

std::vector<std::string> state_to_arguments(const ViewState& state) {
  std::vector<std::string> arguments = state.runs;
  const auto add = [&](const char* option, const std::string& value) {
    arguments.emplace_back(std::string(option) + "=" + value);  // a value may begin with '-'
  };
  if (!state.lesson.empty()) add("--lesson", state.lesson);
  add("--view", state.view);
  if (!state.shown.empty()) add("--show", fmt::format("{}", fmt::join(state.shown, ",")));
  if (state.at) add("--at", exact_time(*state.at));
  if (state.from) add("--from", exact_time(*state.from));
  if (state.until) add("--until", exact_time(*state.until));
  if (state.marker_a) add("--marker-a", exact_time(*state.marker_a));
  if (state.marker_b) add("--marker-b", exact_time(*state.marker_b));
  if (state.align != views::Alignment{}) add("--align", to_text(state.align));
  if (state.language != "en") add("--lang", state.language);
  if (state.dark) add("--theme", "dark");
  if (state.present) arguments.emplace_back("--present");
  if (state.scale != 0) add("--scale", fmt::format("{}", state.scale));
  for (const auto& [key, value] : state.options) add("--set", key + "=" + value);
  return arguments;
}

std::string state_to_command(const ViewState& state) {
  std::string line = "./hvlab view";
  for (const std::string& argument : state_to_arguments(state)) line += " " + quoted(argument);
  return line;
}

}  // namespace hvlab::visualizer
