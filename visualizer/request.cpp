// The command line of `hvlab view`.
#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/views/messages.hpp"
#include "visualizer/state.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

namespace po = boost::program_options;

auto text(const char* name) { return po::value<std::string>()->value_name(name); }

po::options_description all_arguments() {
  po::options_description options("Options", 110, 70);
  // clang-format off
  options.add_options()
      ("view", text("NAME"), "compare, ladder, timeline, exits, machine, sweep, lesson or cluster; without it, cluster for runs of clusters, else compare")
      ("lesson", text("NAME"), "a guided lab: its number or name; 'list' lists them")
      ("show", text("N,N..."), "which of the runs, by their numbers (the first eight)")
      ("align", text("WHERE"), "what is time 0: start, mark:TEXT, phase:NAME or event:KIND, with #N behind the N-th")
      ("at", text("TIME"), "where the cursor is (120us)")
      ("zoom", text("SPAN"), "how much is shown, around the cursor (40us)")
      ("from", text("TIME"), "what is shown begins there")
      ("until", text("TIME"), "what is shown ends there")
      ("marker-a", text("TIME"), "where marker A is")
      ("marker-b", text("TIME"), "where marker B is")
      ("set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"), "something that a view lets one choose, see below")
      ("lang", text("en|ja"), "the language")
      ("theme", text("light|dark"), "the ground")
      ("scale", po::value<float>()->value_name("N"), "the size of all that is drawn; without it the display's")
      ("present", "large type, for a class")
      ("screenshot", text("FILE.png"), "write the picture there and open no window")
      ("csv", text("FILE.csv"), "write the view's tables there and open no window")
      ("size", text("WxH"), "of the window or the picture (1600x1000)")
      ("bench", po::value<double>()->value_name("SECONDS")->implicit_value(5), "measure how fast the view draws")
      ("json", "of --bench: as JSON")
      ("fresh", "not as it was left last time")
      ("verbose", "at the end, say how many pictures were drawn")
      ("program", text("PATH"), "the hvlab to ask")
      ("run", po::value<std::vector<std::string>>()->value_name("RUN"), "what is looked at")
      ("help", "show this");
  // clang-format on
  return options;
}

int whole(const std::string& part) {
  int value = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
  return error == std::errc() && end == part.data() + part.size() ? value : 0;
}

void read_size(const std::string& size, Request& request) {
  const size_t cross = size.find('x');
  request.width = whole(size.substr(0, cross));
  request.height = cross == std::string::npos ? 0 : whole(size.substr(cross + 1));
  request.size_given = true;
  const auto fits = [](int pixels) { return pixels >= 320 && pixels <= 16384; };
  if (!fits(request.width) || !fits(request.height))
    throw UserError("--size '" + size + "': give WIDTHxHEIGHT in pixels, 320 to 16384 each");
}

void read_setting(const std::string& setting, ViewState& state) {
  const size_t equals = setting.find('=');
  const std::string key = setting.substr(0, equals);
  const bool known =
      std::ranges::any_of(all_options(), [&](const ViewOption& one) { return key == one.key; });
  if (equals == std::string::npos || !known)
    throw UserError("--set '" + setting + "': give KEY=VALUE; `hvlab view --help` has the keys");
  state.set(key, setting.substr(equals + 1));
}

void read_times(const po::variables_map& values, ViewState& state) {
  const auto read = [&](const char* name, std::optional<PicosecondDelta>& into) {
    if (values.count(name) != 0) into = time_of(std::string("--") + name, values[name].as<std::string>());
  };
  read("at", state.at);
  read("from", state.from);
  read("until", state.until);
  read("marker-a", state.marker_a);
  read("marker-b", state.marker_b);
  if (values.count("zoom") != 0) {
    const PicosecondDelta width = time_of("--zoom", values["zoom"].as<std::string>());
    if (width <= 0) throw UserError("--zoom: give a span longer than 0");
    if (state.from || state.until) throw UserError("--zoom: give it, or --from and --until");
    const PicosecondDelta middle = state.at.value_or(width / 2);
    state.from = middle - width / 2;
    state.until = *state.from + width;
  }
  if (state.from && state.until && *state.from >= *state.until)
    throw UserError("--until: what is shown would end before it begins");
}

std::vector<unsigned> read_numbers(const std::string& list) {
  std::vector<unsigned> numbers;
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    const int number = whole(list.substr(at, comma - at));
    if (number < 1) throw UserError("--show '" + list + "': give numbers of runs, like 1,4,5");
    numbers.push_back(static_cast<unsigned>(number));
    at = comma + 1;
  }
  return numbers;
}

void read_choices(const po::variables_map& values, ViewState& state) {
  const auto given = [&](const char* name) { return values.count(name) != 0; };
  const auto said = [&](const char* name) { return values[name].as<std::string>(); };
  if (given("view")) state.view = said("view");
  if (std::ranges::none_of(all_views(), [&](const View& view) { return state.view == view.name; })) {
    std::string names;
    for (const View& view : all_views()) names += (names.empty() ? "" : ", ") + std::string(view.name);
    throw UserError("--view '" + state.view + "': there are " + names);
  }
  if (given("lesson")) state.lesson = said("lesson");
  if (given("lesson") && !given("view")) state.view = "lesson";
  if (given("show")) state.shown = read_numbers(said("show"));
  if (given("align")) state.align = views::alignment_of(said("align"));
  if (given("lang")) state.language = said("lang");
  const std::vector<std::string> known = views::languages();
  if (std::ranges::find(known, state.language) == known.end())
    throw UserError("--lang '" + state.language + "': give en or ja");
  if (given("theme") && said("theme") != "light" && said("theme") != "dark")
    throw UserError("--theme '" + said("theme") + "': give light or dark");
  if (given("theme")) state.dark = said("theme") == "dark";
  if (given("scale")) state.scale = values["scale"].as<float>();
  if (state.scale != 0 && !(state.scale >= 0.5F && state.scale <= 4))
    throw UserError("--scale: give 0.5 to 4");
  state.present = given("present");
  if (given("set"))
    for (const std::string& setting : values["set"].as<std::vector<std::string>>())
      read_setting(setting, state);
}

po::variables_map parse(const std::vector<std::string>& arguments) {
  po::positional_options_description runs;
  runs.add("run", -1);
  po::variables_map values;
  try {
    using namespace po::command_line_style;
    po::store(po::command_line_parser(arguments)
                  .options(all_arguments())
                  .positional(runs)
                  .style(unix_style & ~allow_guessing & ~allow_short)
                  .run(),
              values);
  } catch (const po::error& error) {
    throw UserError(std::string("view: ") + error.what() + "; see 'hvlab view --help'");
  }
  return values;
}

}  // namespace

PicosecondDelta time_of(const std::string& option, const std::string& text) {
  const size_t end = text.find_first_not_of("+-.0123456789");
  const std::string number = text.substr(0, end), unit = end == std::string::npos ? "" : text.substr(end);
  constexpr std::pair<const char*, int> kUnits[] = {{"ps", 0}, {"ns", 3}, {"us", 6}, {"ms", 9}, {"s", 12}};
  const auto* found = std::ranges::find_if(kUnits, [&](const auto& one) { return unit == one.first; });
  const std::string how = option + " '" + text + "': give a time like 120us (ps, ns, us, ms, s, min, h or d)";
  for (const auto& [large, seconds] : {std::pair("min", 60), std::pair("h", 3600), std::pair("d", 86'400)}) {
    if (unit != large) continue;
    // Clusters' times: to a millisecond is fine enough, up to what there is room for.
    char* end_of_number = nullptr;
    const double value = std::strtod(number.c_str(), &end_of_number) * seconds * 1000;
    if (number.empty() || *end_of_number != 0 || !(std::abs(value) < 9.2e9)) throw UserError(how);
    return static_cast<PicosecondDelta>(std::llround(value)) * 1'000'000'000;
  }
  if (found == std::end(kUnits) || number.empty()) throw UserError(how);
  const bool negative = number[0] == '-';
  const std::string digits = number.substr(negative || number[0] == '+' ? 1 : 0);
  const size_t point = std::min(digits.find('.'), digits.size());
  std::string decimals = point < digits.size() ? digits.substr(point + 1) : "";
  if (decimals.size() > static_cast<size_t>(found->second)) throw UserError(how + ", no finer than 1ps");
  decimals.resize(static_cast<size_t>(found->second), '0');
  const std::string all = digits.substr(0, point) + decimals;
  i64 value = 0;
  const auto [last, error] = std::from_chars(all.data(), all.data() + all.size(), value);
  if (error != std::errc() || last != all.data() + all.size()) throw UserError(how);
  return negative ? -value : value;
}

Request request_from_arguments(const std::vector<std::string>& arguments) {
  const po::variables_map values = parse(arguments);
  Request request;
  request.help = values.count("help") != 0;
  if (request.help) return request;
  const auto file = [&](const char* name) {
    return values.count(name) != 0 ? values[name].as<std::string>() : "";
  };
  if (values.count("run") != 0) request.state.runs = values["run"].as<std::vector<std::string>>();
  for (const auto& [name, value] : values) request.given.push_back(name);
  read_times(values, request.state);
  read_choices(values, request.state);
  request.screenshot = file("screenshot");
  request.csv = file("csv");
  request.program = file("program");
  if (values.count("size") != 0) read_size(file("size"), request);
  if (values.count("bench") != 0) request.bench = values["bench"].as<double>();
  if (values.count("bench") != 0 && !(request.bench > 0 && request.bench <= 3600))
    throw UserError("--bench: give seconds, more than 0 and at most 3600");
  request.json = values.count("json") != 0;
  request.fresh = values.count("fresh") != 0;
  request.verbose = values.count("verbose") != 0;
  return request;
}

std::string help_text() {
  std::ostringstream out;
  out << "usage: hvlab view [RUN]... [OPTION]...\n\n"
         "Opens a window on runs: run directories, folders of them, or names in runs/; without any, on those "
         "that were\n"
         "looked at last.\n\n"
      << all_arguments() << "\nWhat views let one choose (--set KEY=VALUE):\n";
  for (const ViewOption& option : all_options()) {
    const std::string otherwise =
        *option.default_value == '\0' ? "" : fmt::format(" ({})", option.default_value);
    out << fmt::format("  {:<22} {}{}\n", option.key, option.help, otherwise);
  }
  return out.str();
}

}  // namespace hvlab::visualizer
