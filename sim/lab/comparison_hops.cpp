#include "sim/lab/comparison_hops.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/lab/comparison_table.hpp"
#include "sim/lab/io_report.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

/// The labels in the order of the path. One that stands at several places of it has its row where most of its
/// time went.
std::vector<std::string> labels_of(const Json& group) {
  std::map<std::string, const Json*> longest;
  for (const Json& hop : group.at("hops")) {
    const Json*& most = longest[hop.at("label").get<std::string>()];
    if (most == nullptr || hop.at("picoseconds") > most->at("picoseconds")) most = &hop;
  }
  std::vector<std::string> labels;
  for (const Json& hop : group.at("hops")) {
    const std::string label = hop.at("label").get<std::string>();
    if (longest[label] == &hop) labels.push_back(label);
  }
  return labels;
}

/// Adds what is new in `labels` to `all`, behind what it comes after in `labels`.
void merge(std::vector<std::string>& all, const std::vector<std::string>& labels) {
  auto place = all.begin();
  for (const std::string& label : labels) {
    auto found = std::ranges::find(all, label);
    if (found == all.end()) found = all.insert(place, label);
    place = found + 1;
  }
}

/// Mean microseconds for a request.
double mean(const Json& times, const Json& group) {
  return times.at("picoseconds").get<double>() / std::max(1.0, group.at("requests").get<double>()) /
         static_cast<double>(kMicrosecond);
}

std::string hop_cell(const Json& group, const std::string& label) {
  const double whole = mean(group, group);
  double time = 0;
  for (const Json& hop : group.at("hops")) {
    if (hop.at("label") == label) time += mean(hop, group);
  }
  if (time == 0) return "-       ";
  return fmt::format("{:.2f} {:>5.1f}%", time, whole > 0 ? 100 * time / whole : 0);
}

std::string exits_cell(const Json& group) {
  double exits = 0;
  for (const auto& [reason, count] : group.at("exits").items()) exits += count.get<double>();
  return fmt::format("{:.1f}       ", exits / std::max(1.0, group.at("requests").get<double>()));
}

}  // namespace

TextTable io_hops(const std::vector<const MeasuredRun*>& runs, const std::string& operation) {
  TextTable table{"us of each", {}, {}};
  std::vector<std::pair<std::string, const Json*>> groups;
  for (const MeasuredRun* run : runs) {
    if (const Json* group = innermost_io(run->io, operation); group != nullptr)
      groups.emplace_back(way_title(*run), group);
  }
  // The way with most hops gives the order in which the others' find their places.
  auto longest = groups;
  std::ranges::stable_sort(longest, std::ranges::greater(),
                           [](const auto& each) { return each.second->at("hops").size(); });
  for (const auto& [title, group] : longest) merge(table.labels, labels_of(*group));
  if (groups.empty()) return table;
  for (const auto& [title, group] : groups) {
    TextTable::Column column{title, {}};
    for (const std::string& label : table.labels) column.cells.push_back(hop_cell(*group, label));
    column.cells.push_back(fmt::format("{:.2f} 100.0%", mean(*group, *group)));
    column.cells.push_back(exits_cell(*group));
    table.columns.push_back(std::move(column));
  }
  table.labels.insert(table.labels.end(), {"the request", "exits for each"});
  return table;
}

}  // namespace hvlab::lab
