#include "sim/views/comparison.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace hvlab::views {

using record::Json;

namespace {

struct FigureRow {
  const char *name, *unit;
  int worse;
};
constexpr std::array<FigureRow, static_cast<size_t>(Figure::Count)> kFigures = {
    {{"time", "s", 1},
     {"throughput", "bytes/s", -1},
     {"latency", "s", 1},
     {"exits", "1/s", 1},
     {"memory", "bytes", 1},
     {"start", "s", 1}}};

std::optional<double> positive(double value) { return value > 0 ? std::optional(value) : std::nullopt; }

double number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? 0 : found->get<double>();
}

// The part of the run that is looked at; null if it was not measured for itself.
const Json* window_of(const Json& way, const std::string& phase) {
  if (phase.empty()) return way.contains("work") ? &way.at("work") : nullptr;
  const Json &phases = way.at("phases"), &windows = way.at("phase_work");
  for (size_t i = 0; i < phases.size() && i < windows.size(); ++i)
    if (phases[i].at("name") == phase) return &windows[i];
  return nullptr;
}

void take_window(const Json& window, CompareColumn& column) {
  const double seconds = window.at("seconds").get<double>(), cycles = window.at("cycles").get<double>();
  if (seconds <= 0 || cycles <= 0) return;
  double exits = 0;
  for (const Json& sum : window.at("exits")) exits += sum.at("count").get<double>();
  column.figures[static_cast<size_t>(Figure::Exits)] = exits / seconds;
  for (const auto& [account, charged] : window.at("ledger").items())
    if (const double part = charged.get<double>(); part > 0)
      column.ledger.emplace_back(account, seconds * column.processors * part / cycles);
}

void take_phases(const Json& way, const std::string& phase, CompareColumn& column) {
  double all = 0;
  const auto figure = [&](Figure which) -> std::optional<double>& {
    return column.figures[static_cast<size_t>(which)];
  };
  for (const Json& each : way.at("phases")) {
    const double seconds = each.at("seconds").get<double>();
    all += seconds;
    if (each.at("name") != phase || seconds <= 0) continue;
    figure(Figure::Time) = seconds;
    figure(Figure::Throughput) = positive(number_at(each, "bytes_per_second"));
    figure(Figure::Latency) = positive(number_at(each, "step_seconds"));
  }
  if (phase.empty()) figure(Figure::Time) = positive(all);
}

CompareColumn column_of(const Json& way, const std::string& phase) {
  CompareColumn column;
  column.place = way.at("place").get<size_t>();
  column.title = way.at("title").get<std::string>();
  column.processors = way.at("processors").get<unsigned>();
  column.failure = way.value("failure", "");
  take_phases(way, phase, column);
  if (const Json* window = window_of(way, phase); window != nullptr) take_window(*window, column);
  column.figures[static_cast<size_t>(Figure::Memory)] = positive(number_at(way, "memory_per_instance"));
  column.figures[static_cast<size_t>(Figure::Start)] = positive(number_at(way, "power_on_seconds"));
  return column;
}

ToldDifference told(const Json& each, const std::string& language) {
  ToldDifference difference;
  const auto text = [&](const char* key) { return each.at(key).get<std::string>(); };
  difference.what = text("what"), difference.subject = text("subject"), difference.run = text("run");
  difference.baseline = text("baseline"), difference.unit = text("unit");
  difference.why = each.at("why").at(language).get<std::string>();
  difference.processors = each.at("processors").get<unsigned>();
  difference.place = each.at("place").get<size_t>();
  difference.value = each.at("value").get<double>();
  difference.reference = each.at("reference").get<double>();
  if (!each.at("ratio").is_null()) difference.ratio = each.at("ratio").get<double>();
  difference.explained = each.at("explain").get<std::vector<std::string>>();
  return difference;
}

}  // namespace

const char* name(Figure figure) { return kFigures.at(static_cast<size_t>(figure)).name; }
const char* unit(Figure figure) { return kFigures.at(static_cast<size_t>(figure)).unit; }
int worse(Figure figure) { return kFigures.at(static_cast<size_t>(figure)).worse; }

std::vector<std::string> compared_phases(const Json& document) {
  std::vector<std::string> names;
  for (const Json& way : document.at("ways")) {
    for (const Json& phase : way.at("phases")) names.push_back(phase.at("name").get<std::string>());
    if (!names.empty()) break;
  }
  return names;
}

std::vector<CompareColumn> compare_columns(const Json& document, const std::string& phase) {
  std::vector<CompareColumn> columns;
  for (const Json& way : document.at("ways")) columns.push_back(column_of(way, phase));
  return columns;
}

const CompareColumn* column_at(const std::vector<CompareColumn>& columns, size_t place) {
  const auto found = std::ranges::find(columns, place, &CompareColumn::place);
  return found == columns.end() ? nullptr : &*found;
}

std::vector<ToldDifference> told_differences(const Json& document, const std::vector<size_t>& places,
                                             const std::string& phase, const std::string& language) {
  std::vector<ToldDifference> found;
  for (const Json& each : document.at("differences")) {
    if (std::ranges::count(places, each.at("place").get<size_t>()) == 0) continue;
    if (!phase.empty() && each.at("subject") != phase) continue;
    found.push_back(told(each, language));
  }
  // The first of each subject, then the second ones: not five times in a row how much memory a machine needs.
  std::map<std::pair<std::string, std::string>, size_t> before;
  std::vector<std::pair<size_t, size_t>> order;  // how many of its subject come before it, its place
  order.reserve(found.size());
  for (size_t i = 0; i < found.size(); ++i)
    order.emplace_back(before[{found[i].what, found[i].subject}]++, i);
  std::ranges::sort(order);
  std::vector<ToldDifference> sorted;
  sorted.reserve(found.size());
  for (const auto& [rank, at] : order) sorted.push_back(std::move(found[at]));
  return sorted;
}

}  // namespace hvlab::views
