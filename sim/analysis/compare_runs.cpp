#include "sim/analysis/compare_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/analysis/run_statistics.hpp"
#include "sim/base/user_error.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::analysis {

namespace {

using record::RunReader;
using Runs = std::vector<RunReader>;

constexpr size_t kMostOthers = 20;  // of what else differs
constexpr const char* kInOwnTable[] = {"seconds", "instructions", "cycles", "ledger.",
                                       "exits.",  "vcpus.",       "io."};

// One row's numbers, a run each; NaN where it has none.
using Numbers = std::vector<double>;

std::string heading(const Runs& runs, size_t index) { return runs[index].title(); }

// Columns: what, each run, and the second one's ratio to the first if there are just two.
Table table_of(const Runs& runs, const char* key, const char* title, const char* what) {
  Table table{.key = key, .title = title, .columns = {{what, what}}, .rows = {}};
  for (size_t i = 0; i < runs.size(); ++i)
    table.columns.push_back({"run" + std::to_string(i + 1), heading(runs, i), 9});
  if (runs.size() == 2) table.columns.push_back({"ratio", "ratio", 3});
  return table;
}

void put(Cell& cell, double value) {
  if (std::isnan(value)) return;
  const bool whole = value >= 0 && value == std::floor(value) && value < 0x1p63;
  if (whole)
    cell = static_cast<u64>(value);
  else
    cell = value;
}

void add_row(Table& table, const std::string& what, const Numbers& numbers) {
  std::vector<Cell> row = {what};
  for (const double number : numbers) put(row.emplace_back(), number);
  if (numbers.size() == 2) {
    row.emplace_back();
    if (const double ratio = numbers[1] / numbers[0]; std::isfinite(ratio)) row.back() = ratio;
  }
  table.rows.push_back(std::move(row));
}

template <class Of>
Numbers each(const Runs& runs, Of of) {
  Numbers numbers;
  numbers.reserve(runs.size());
  for (const RunReader& run : runs) numbers.push_back(of(run.stats()));
  return numbers;
}

double sum(const Json& rows, const char* key) {
  double total = 0;
  for (const Json& row : rows) total += row.at(key).get<double>();
  return total;
}

Table metrics(const Runs& runs) {
  Table table = table_of(runs, "metrics", "Metrics", "metric");
  for (const char* key : {"seconds", "instructions", "cycles"})
    add_row(table, key, each(runs, [&](const Json& stats) { return stats.at(key).get<double>(); }));
  add_row(table, "exits", each(runs, [](const Json& stats) { return sum(stats.at("exits"), "count"); }));
  add_row(table, "cycles of exits",
          each(runs, [](const Json& stats) { return sum(stats.at("exits"), "cycles"); }));
  return table;
}

Table ledger(const Runs& runs) {
  Table table = table_of(runs, "ledger", "Cycles by account", "account");
  for (const auto& [account, ignored] : runs.front().stats().at("ledger").items()) {
    const Numbers numbers =
        each(runs, [&](const Json& stats) { return stats.at("ledger").value(account, std::nan("")); });
    if (std::ranges::any_of(numbers, [](double number) { return number != 0; }))
      add_row(table, account, numbers);
  }
  return table;
}

std::string reason_of(const Json& exit) { return exit.at("reason").get<std::string>(); }

/// `what` is what a row is, of_row(exit) which.
Table exits(const Runs& runs, const char* key, const char* title, const char* value, const char* what,
            std::string (*of_row)(const Json& exit)) {
  std::map<std::string, Numbers> sums;
  for (size_t i = 0; i < runs.size(); ++i) {
    for (const Json& row : runs[i].stats().at("exits")) {
      Numbers& numbers = sums[of_row(row)];
      numbers.resize(runs.size());
      numbers[i] += row.at(value).get<double>();
    }
  }
  Table table = table_of(runs, key, title, what);
  for (const auto& [name, numbers] : sums) add_row(table, name, numbers);
  return table;
}

bool of_both_vendors(const Runs& runs) {
  bool vmx = false, svm = false;
  for (const RunReader& run : runs)
    for (const Json& row : run.stats().at("exits"))
      (observe::is_vmx_label(reason_of(row)) ? vmx : svm) = true;
  return vmx && svm;
}

/// Where no reason is the other's, rows of classes stand before those of reasons.
void add_exits(const Runs& runs, std::vector<Table>& tables) {
  if (of_both_vendors(runs)) {
    tables.push_back(exits(runs, "exit_classes", "Exits by class", "count", "class", class_of));
    tables.push_back(exits(runs, "exit_class_cycles", "Cycles until the guest ran again, by class", "cycles",
                           "class", class_of));
  }
  tables.push_back(exits(runs, "exits", "Exits by reason", "count", "reason", reason_of));
  tables.push_back(exits(runs, "exit_cycles", "Cycles until the guest ran again, by reason", "cycles",
                         "reason", reason_of));
}

// Mean microseconds of the requests of the innermost system, hop by hop.
Table hops(const Runs& runs, const std::string& operation) {
  std::vector<std::string> labels;
  std::map<std::string, Numbers> means;
  const auto set = [&](const std::string& label, size_t run, const Json& times, double requests) {
    if (!means.contains(label)) labels.push_back(label);
    Numbers& numbers = means.try_emplace(label, runs.size(), std::nan("")).first->second;
    numbers[run] = times.at("picoseconds").get<double>() / requests / static_cast<double>(kMicrosecond);
  };
  for (size_t i = 0; i < runs.size(); ++i) {
    const Json* group = innermost_requests(runs[i].stats(), operation);
    if (group == nullptr) continue;
    const double requests = std::max(1.0, group->at("requests").get<double>());
    set("the request", i, *group, requests);
    for (const Json& hop : group->at("hops")) set(hop.at("label").get<std::string>(), i, hop, requests);
  }
  const std::string key = "io_" + operation, title = "Hops of a " + operation + ", mean microseconds";
  Table table = table_of(runs, key.c_str(), title.c_str(), "hop");
  for (Column& column : table.columns) column.digits = 3;
  for (const std::string& label : labels) add_row(table, label, means[label]);
  return table;
}

// By how much the numbers differ, as a ratio.
double spread(const Numbers& numbers) {
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (const double number : numbers) {
    const double value = std::isnan(number) ? 0 : std::abs(number);
    least = std::min(least, value);
    most = std::max(most, value);
  }
  return (most + 1) / (least + 1);
}

// Every other number that is not the same in all.
Table others(const Runs& runs, bool all) {
  std::map<std::string, Numbers> values;
  for (size_t i = 0; i < runs.size(); ++i) {
    for (const auto& [path, number] : record::flat_numbers(runs[i].stats())) {
      if (std::ranges::any_of(kInOwnTable, [&](const char* own) { return path.starts_with(own); })) continue;
      values.try_emplace(path, runs.size(), std::nan("")).first->second[i] = number.get<double>();
    }
  }
  std::vector<std::pair<std::string, Numbers>> order;
  for (auto& [path, numbers] : values) {
    const bool same = std::ranges::all_of(numbers, [&](double number) { return number == numbers[0]; });
    if (!same) order.emplace_back(path, numbers);
  }
  std::ranges::stable_sort(order, std::greater<>(), [](const auto& entry) { return spread(entry.second); });
  const size_t shown = all ? order.size() : std::min(order.size(), kMostOthers);
  const std::string title =
      shown == order.size()
          ? "What else differs"
          : fmt::format("What else differs, the {} most different of {}", shown, order.size());
  Table table = table_of(runs, "others", title.c_str(), "metric");
  for (size_t i = 0; i < shown; ++i) add_row(table, order[i].first, order[i].second);
  return table;
}

void part(const Runs& runs, unsigned context, RunComparison& result) {
  if (!runs.front().has(record::kTraceFile)) return;
  const record::TraceReader first = runs.front().trace();
  for (size_t i = 1; i < runs.size(); ++i) {
    if (!runs[i].has(record::kTraceFile)) continue;
    const record::TraceReader second = runs[i].trace();
    if (first.level() != second.level()) continue;
    result.partings.push_back(
        {runs.front().title(), runs[i].title(), first_divergence(first, second, context)});
    if (result.partings.back().where) result.equal = false;
  }
}

}  // namespace

RunComparison compare_runs(const Runs& runs, bool all, unsigned context) {
  RunComparison result;
  for (const RunReader& run : runs) {
    if (run.stats() != runs.front().stats()) result.equal = false;
  }
  try {
    result.tables = {metrics(runs), ledger(runs)};
    add_exits(runs, result.tables);
    for (const char* operation : {"read", "write", "flush"}) result.tables.push_back(hops(runs, operation));
    result.tables.push_back(others(runs, all));
  } catch (const Json::exception&) {
    throw UserError("the statistics of a run are damaged, or of another version of HVLab");
  }
  part(runs, context, result);
  return result;
}

}  // namespace hvlab::analysis
