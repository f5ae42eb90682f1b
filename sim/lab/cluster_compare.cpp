#include "sim/lab/cluster_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/lab/cell_result.hpp"
#include "sim/lab/cluster_log.hpp"
#include "sim/lab/cluster_statistics.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

using record::Json;
using record::RunReader;

namespace {

struct Row {
  std::string name, unit;
  std::vector<std::optional<double>> values;  // of each run

  bool differs() const {
    return std::ranges::any_of(values, [&](const auto& value) { return value != values.front(); });
  }
};

std::string show(const std::optional<double>& value, const std::string& unit, const std::string& name) {
  using enum scenario::MetricUnit;
  if (!value) return "-";
  if (unit == "ps") return tell_value(Time, *value, 6);
  if (unit == "B") return tell_value(Size, *value, 6);
  const bool whole = *value == static_cast<double>(static_cast<u64>(*value)) && !name.ends_with(".kwh");
  return show_value(whole ? Count : Number, *value);
}

/// Totals have no name of a host, a group or a datastore in them.
bool is_total(const std::string& name) {
  return !name.starts_with("host.") && !name.starts_with("group.") && !name.starts_with("datastore.");
}

std::vector<Row> rows_of(const std::vector<RunReader>& runs) {
  std::vector<Row> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    size_t hint = 0;  // runs alike have the same metrics in the same order
    for (const auto& [name, metric] : runs[i].stats().at("metrics").items()) {
      auto row = hint < rows.size() && rows[hint].name == name
                     ? rows.begin() + static_cast<std::ptrdiff_t>(hint)
                     : std::ranges::find(rows, name, &Row::name);
      if (row == rows.end())
        row = rows.insert(rows.end(), {name, metric.at("unit").get<std::string>(),
                                       std::vector<std::optional<double>>(runs.size())});
      row->values[i] = metric.at("value").get<double>();
      hint = static_cast<size_t>(row - rows.begin()) + 1;
    }
  }
  return rows;
}

/// Where two logs part: the number of equal lines, and what each goes on with.
struct Parting {
  size_t equal = 0;
  std::string first, second;
  bool parts = false;
};

Parting parting_of(const RunReader& one, const RunReader& other) {
  std::istringstream first(one.content(kClusterLog)), second(other.content(kClusterLog));
  Parting parting;
  for (;; ++parting.equal) {
    parting.first.clear();
    parting.second.clear();
    const bool more = static_cast<bool>(std::getline(first, parting.first)),
               more_other = static_cast<bool>(std::getline(second, parting.second));
    if (!more && !more_other) return parting;
    if (parting.first == parting.second) continue;
    parting.parts = true;
    return parting;
  }
}

std::string line_text(const std::string& line) {
  if (line.empty()) return "(ends)";
  const LogLine read = read_log_line(line);
  return fmt::format("{:>14}  {}", clock_text(read.at / kNanosecond), text_of(read));
}

std::string table_text(const std::vector<RunReader>& runs, const std::vector<Row>& rows, size_t width) {
  TextTable table{.corner = "metric", .labels = {}, .columns = {}};
  for (const Row& row : rows) table.labels.push_back(row.name);
  for (size_t i = 0; i < runs.size(); ++i) {
    TextTable::Column& column = table.columns.emplace_back(TextTable::Column{runs[i].title(), {}});
    for (const Row& row : rows) column.cells.push_back(show(row.values[i], row.unit, row.name));
  }
  return format_text_table(table, width);
}

Json json_of(const std::vector<RunReader>& runs, const std::vector<Row>& rows, bool equal) {
  Json json = {{"schema", "hvlab.compare-clusters/1"}, {"equal", equal}, {"runs", Json::array()}};
  for (const RunReader& run : runs) json["runs"].push_back(run.title());
  json["metrics"] = Json::array();
  for (const Row& row : rows) {
    Json values = Json::array();
    for (const auto& value : row.values) values.push_back(value ? Json(*value) : Json());
    json["metrics"].push_back({{"metric", row.name}, {"unit", row.unit}, {"values", values}});
  }
  return json;
}

std::string partings_text(const std::vector<RunReader>& runs) {
  std::string text;
  for (size_t i = 1; i < runs.size(); ++i) {
    const Parting parting = parting_of(runs[0], runs[i]);
    if (!parting.parts) continue;
    text += fmt::format("\nLogs of {} and {}: {} lines are equal, then they part\n  - {}\n  + {}\n",
                        runs[0].title(), runs[i].title(), parting.equal, line_text(parting.first),
                        line_text(parting.second));
  }
  return text;
}

}  // namespace

bool all_clusters(const std::vector<RunReader>& runs) {
  const auto is_cluster = [](const RunReader& run) { return run.has(kClusterLog); };
  const auto cluster = std::ranges::find_if(runs, is_cluster);
  if (cluster == runs.end()) return false;
  const auto machine = std::ranges::find_if_not(runs, is_cluster);
  if (machine == runs.end()) return true;
  throw UserError(
      fmt::format("'{}' is a run of a cluster and '{}' one of a machine: they have no metric in common",
                  cluster->title(), machine->title()));
}

bool compare_clusters(const std::vector<RunReader>& runs, bool all, bool as_json, size_t width) {
  std::vector<Row> rows = rows_of(runs);
  bool equal = std::ranges::none_of(rows, &Row::differs);
  for (size_t i = 1; i < runs.size() && equal; ++i) equal = !parting_of(runs[0], runs[i]).parts;
  std::erase_if(rows, [&](const Row& row) { return !all && (!row.differs() || !is_total(row.name)); });
  if (as_json) {
    std::cout << json_of(runs, rows, equal).dump(2) << '\n';
    return equal;
  }
  if (equal) std::cout << "The runs are equal.\n";
  if (!rows.empty()) std::cout << table_text(runs, rows, width);
  if (!all && !equal)
    std::cout << "\nTotals that differ; --all has those of each host, group and datastore too.\n";
  std::cout << partings_text(runs);
  return equal;
}

void print_cluster_cells(const std::vector<RunReader>& cells, bool as_json, size_t width) {
  if (!as_json) {
    std::cout << table_text(cells, rows_of(cells), width)
              << "\nThe figures that a cell rests on: hvlab stat RUN/CELL\n";
    return;
  }
  Json json = {{"schema", "hvlab.cluster-cells/1"}, {"cells", Json::array()}};
  for (const RunReader& cell : cells)
    json["cells"].push_back({{"cell", cell.title()}, {"settings", cell.settings()}, {"stats", cell.stats()}});
  std::cout << json.dump(2) << '\n';
}

void print_cluster_statistics(const RunReader& run, bool as_json, size_t width) {
  if (as_json) {
    std::cout << run.stats().dump(2) << '\n';
    return;
  }
  std::cout << table_text({run}, rows_of({run}), width) << "\nFigures that this rests on\n";
  for (const Json& figure : run.stats().at("figures"))
    std::cout << fmt::format("  {:<24} {:<22} {:>10}  {:<9} {}\n", figure.at("profile").get<std::string>(),
                             figure.at("name").get<std::string>(), figure.at("value").get<std::string>(),
                             figure.at("origin").get<std::string>(), figure.at("source").get<std::string>());
}

}  // namespace hvlab::lab
