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

double share_of(const Json& group, double time) {
  const double whole = mean(group, group);
  return whole > 0 ? 100 * time / whole : 0;
}

double time_in(const Json& group, const std::string& label) {
  double time = 0;
  for (const Json& hop : group.at("hops")) {
    if (hop.at("label") == label) time += mean(hop, group);
  }
  return time;
}

std::string hop_cell(const Json& group, double time) {
  if (time == 0) return "-       ";
  return fmt::format("{:.2f} {:>5.1f}%", time, share_of(group, time));
}

double exits_of(const Json& group) {
  double exits = 0;
  for (const auto& [reason, count] : group.at("exits").items()) exits += count.get<double>();
  return exits / std::max(1.0, group.at("requests").get<double>());
}

struct Followed {
  std::string title;  // of its column
  const Json* group;
};

std::vector<Followed> followed(const std::vector<const MeasuredRun*>& runs, const std::string& operation) {
  std::vector<Followed> groups;
  for (const MeasuredRun* run : runs) {
    if (const Json* group = innermost_io(run->io, operation); group != nullptr)
      groups.push_back({way_title(*run), group});
  }
  return groups;
}

/// Takes the labels out of `labels` whose hops are less than that part of each request.
std::vector<std::string> take_small(std::vector<std::string>& labels, const std::vector<Followed>& groups) {
  constexpr double kSmall = 0.25;  // percent
  const auto small = std::ranges::stable_partition(labels, [&](const std::string& label) {
    return std::ranges::any_of(groups, [&](const Followed& each) {
      return share_of(*each.group, time_in(*each.group, label)) >= kSmall;
    });
  });
  std::vector<std::string> taken(small.begin(), small.end());
  labels.erase(small.begin(), small.end());
  return taken;
}

std::string mean_cell(const Json* group) {
  if (group == nullptr) return fmt::format("{:>8} {:>5} {:>6}", "-", "", "");
  const double known = group->value("copies_known", 0.0);
  const std::string copied =
      known > 0 ? fmt::format("{:.0f}", group->value("copied", 0.0) / known) : std::string("-");
  return fmt::format("{:>8.2f} {:>5.1f} {:>6}", mean(*group, *group), exits_of(*group), copied);
}

/// Of each request; 0 if the runs' differ, or are not known.
u64 common_bytes(const std::vector<Followed>& groups) {
  const auto bytes = [](const Followed& each) { return each.group->value("bytes", u64{0}); };
  const u64 first = bytes(groups.front());
  return std::ranges::all_of(groups, [&](const Followed& each) { return bytes(each) == first; }) ? first : 0;
}

constexpr const char* kKinds[] = {"read", "write", "flush", "send", "receive", "round-trip", "ping"};

}  // namespace

TextTable io_means(const std::vector<const MeasuredRun*>& runs) {
  TextTable table{"mean of one", {}, {}};
  for (const MeasuredRun* run : runs) {
    if (!run->io.empty())
      table.columns.push_back({way_title(*run), {fmt::format("{:>8} {:>5} {:>6}", "us", "exits", "copied")}});
  }
  table.labels.push_back("");
  for (const char* kind : kKinds) {
    const std::vector<Followed> groups = followed(runs, kind);
    if (groups.empty()) continue;
    const u64 bytes = common_bytes(groups);
    table.labels.push_back(bytes == 0 ? kind : fmt::format("{}, {} bytes", kind, bytes));
    size_t column = 0;
    for (const MeasuredRun* run : runs) {
      if (!run->io.empty()) table.columns[column++].cells.push_back(mean_cell(innermost_io(run->io, kind)));
    }
  }
  if (table.labels.size() == 1) table.columns.clear();
  return table;
}

TextTable io_hops(const std::vector<const MeasuredRun*>& runs, const std::string& operation) {
  TextTable table{"us of each", {}, {}};
  const std::vector<Followed> groups = followed(runs, operation);
  if (groups.empty()) return table;
  // The way with most hops gives the order in which the others' find their places.
  auto longest = groups;
  std::ranges::stable_sort(longest, std::ranges::greater(),
                           [](const Followed& each) { return each.group->at("hops").size(); });
  for (const Followed& each : longest) merge(table.labels, labels_of(*each.group));
  const std::vector<std::string> small = take_small(table.labels, groups);
  for (const auto& [title, group] : groups) {
    TextTable::Column column{title, {}};
    for (const std::string& label : table.labels)
      column.cells.push_back(hop_cell(*group, time_in(*group, label)));
    double rest = 0;
    for (const std::string& label : small) rest += time_in(*group, label);
    if (!small.empty()) column.cells.push_back(hop_cell(*group, rest));
    column.cells.push_back(fmt::format("{:.2f} 100.0%", mean(*group, *group)));
    column.cells.push_back(fmt::format("{:.1f}       ", exits_of(*group)));
    table.columns.push_back(std::move(column));
  }
  if (!small.empty()) table.labels.push_back(fmt::format("{} shorter hops", small.size()));
  table.labels.insert(table.labels.end(), {"the request", "exits for each"});
  return table;
}

}  // namespace hvlab::lab
