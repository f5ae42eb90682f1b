#include "sim/lab/comparison_density.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/analysis/density.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/comparison_table.hpp"

namespace hvlab::lab {

namespace {

using Json = nlohmann::ordered_json;

std::vector<analysis::Density> densities_of(const std::vector<analysis::Measurement>& all,
                                            unsigned processors) {
  const double level = analysis::service_level(all, processors);
  return level > 0 ? analysis::densities(all, processors, level) : std::vector<analysis::Density>();
}

std::string time_cell(const std::vector<analysis::Measurement>& all, const std::string& way,
                      unsigned processors, unsigned count) {
  for (const analysis::Measurement& m : all) {
    if (m.way == way && m.processors == processors && m.instances == count)
      return fmt::format("{:.2f} ms", analysis::total_seconds(m) * 1e3);
  }
  return "-";
}

}  // namespace

std::vector<MeasuredRun> without_further_instances(const std::vector<MeasuredRun>& runs) {
  std::map<std::tuple<std::string, std::string, unsigned>, size_t> fewest;
  const auto key = [](const MeasuredRun& run) { return std::tuple(run.way, run.variant, run.processors); };
  for (const MeasuredRun& run : runs) {
    const auto [known, fresh] = fewest.emplace(key(run), instances(run));
    known->second = std::min(known->second, instances(run));
  }
  std::vector<MeasuredRun> some;
  std::ranges::copy_if(runs, std::back_inserter(some),
                       [&](const MeasuredRun& run) { return instances(run) == fewest.at(key(run)); });
  return some;
}

TextTable density(const std::vector<MeasuredRun>& runs, unsigned processors) {
  TextTable table{"mean of all phases", {}, {}};
  const std::vector<analysis::Measurement> all = measurements_of(runs);
  const std::vector<analysis::Density> found = densities_of(all, processors);
  std::set<unsigned> counts;
  for (const analysis::Measurement& m : all) {
    if (std::ranges::count(found, m.way, &analysis::Density::way) != 0 && m.processors == processors)
      counts.insert(m.instances);
  }
  for (const unsigned count : counts)
    table.labels.push_back(fmt::format("{} instance{}", count, count == 1 ? "" : "s"));
  table.labels.insert(
      table.labels.end(),
      {fmt::format("fit in {:.2f} ms", analysis::service_level(all, processors) * 1e3), "fit in memory"});
  for (const analysis::Density& each : found) {
    TextTable::Column column{each.way, {}};
    for (const unsigned count : counts) column.cells.push_back(time_cell(all, each.way, processors, count));
    column.cells.push_back(fmt::format("{}{:.2f}   ", each.passed ? "" : "at least ", each.by_time));
    column.cells.push_back(each.by_memory == 0 ? "-" : fmt::format("{:.2f}   ", each.by_memory));
    table.columns.push_back(std::move(column));
  }
  return table;
}

Json density_json(const std::vector<MeasuredRun>& runs) {
  Json list = Json::array();
  const std::vector<analysis::Measurement> all = measurements_of(runs);
  std::set<unsigned> processors;
  for (const MeasuredRun& run : runs) processors.insert(run.processors);
  for (const unsigned count : processors) {
    Json ways = Json::array();
    for (const analysis::Density& each : densities_of(all, count))
      ways.push_back({{"name", each.way},
                      {"by_time", each.by_time},
                      {"passed", each.passed},
                      {"by_memory", each.by_memory}});
    if (!ways.empty())
      list.push_back(
          {{"processors", count}, {"level_seconds", analysis::service_level(all, count)}, {"ways", ways}});
  }
  return list;
}

}  // namespace hvlab::lab
