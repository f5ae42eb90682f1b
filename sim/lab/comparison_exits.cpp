#include "sim/lab/comparison_exits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "sim/lab/comparison_table.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::lab {

namespace {

constexpr size_t kMostNames = 12;  // rows of the table that compares; the rest are summed up in one

double percent(u64 part, u64 whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

u64 mean(u64 cycles, u64 handled) { return handled == 0 ? 0 : cycles / handled; }

ExitSum sum_of(const std::vector<ExitSum>& sums) {
  ExitSum all{"all"};
  for (const ExitSum& sum : sums) {
    all.exits += sum.exits;
    all.handled += sum.handled;
    all.cycles += sum.cycles;
  }
  return all;
}

/// Which of a window's sums a table is of.
using Sums = std::vector<ExitSum> RunWindow::*;

/// Every run's exits with the same names in the same order: those first that take most in any run.
std::vector<std::string> names_of(const std::vector<const MeasuredRun*>& runs, Sums sums) {
  std::map<std::string, double> weight;  // the largest share of a run's cycles
  for (const MeasuredRun* run : runs) {
    const u64 all = sum_of(run->work.*sums).cycles;
    for (const ExitSum& sum : run->work.*sums)
      weight[sum.reason] = std::max(weight[sum.reason], percent(sum.cycles, all));
  }
  std::vector<std::string> names;
  names.reserve(weight.size());
  for (const auto& [name, ignored] : weight) names.push_back(name);
  std::ranges::stable_sort(names, std::ranges::greater(), [&](const auto& name) { return weight[name]; });
  return names;
}

std::string exit_cell(const ExitSum& sum, u64 all) {
  if (sum.exits == 0) return fmt::format("{:>6} {:>6} {:>8}", "-", "", "");
  return fmt::format("{:>6} {:>5.1f}% {:>8}", sum.exits, percent(sum.cycles, all),
                     mean(sum.cycles, sum.handled));
}

ExitSum sum_named(const std::vector<ExitSum>& sums, const std::string& name) {
  const auto found = std::ranges::find(sums, name, &ExitSum::reason);
  return found == sums.end() ? ExitSum{name} : *found;
}

TextTable exits_table(const std::vector<const MeasuredRun*>& runs, Sums sums, const char* what) {
  std::vector<const MeasuredRun*> some;
  std::ranges::copy_if(runs, std::back_inserter(some),
                       [&](const MeasuredRun* run) { return !(run->work.*sums).empty(); });
  TextTable table{"", {}, {}};
  if (some.empty()) return table;
  const std::vector<std::string> names = names_of(some, sums);
  const size_t named = names.size() <= kMostNames ? names.size() : kMostNames - 1;
  table.labels.assign({what});
  table.labels.insert(table.labels.end(), names.begin(), names.begin() + static_cast<long>(named));
  if (named < names.size()) table.labels.push_back(fmt::format("{} others", names.size() - named));
  table.labels.push_back("all");
  for (const MeasuredRun* run : some) {
    const ExitSum all = sum_of(run->work.*sums);
    TextTable::Column column{way_title(*run), {fmt::format("{:>6} {:>6} {:>8}", "exits", "cycles", "mean")}};
    std::vector<ExitSum> others;
    for (size_t i = 0; i < names.size(); ++i) {
      const ExitSum sum = sum_named(run->work.*sums, names[i]);
      if (i < named) {
        column.cells.push_back(exit_cell(sum, all.cycles));
      } else {
        others.push_back(sum);
      }
    }
    if (!others.empty()) column.cells.push_back(exit_cell(sum_of(others), all.cycles));
    column.cells.push_back(exit_cell(all, all.cycles));
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace

TextTable exits_by_reason(const std::vector<const MeasuredRun*>& runs) {
  return exits_table(runs, &RunWindow::exits, "reason");
}

TextTable exits_by_class(const std::vector<const MeasuredRun*>& runs) {
  return exits_table(runs, &RunWindow::exit_classes, "class");
}

bool of_both_vendors(const std::vector<const MeasuredRun*>& runs) {
  bool vmx = false, svm = false;
  for (const MeasuredRun* run : runs)
    for (const ExitSum& sum : run->work.exits) (observe::is_vmx_label(sum.reason) ? vmx : svm) = true;
  return vmx && svm;
}

namespace {

struct ExitRow {
  std::string reason;
  u64 exits = 0, handled = 0, cycles = 0, least = ~u64{0}, most = 0;
};

/// The exits of all virtual processors of machine `vm` by reason, those with most cycles first.
std::vector<ExitRow> rows_of_machine(const MeasuredRun& run, u64 vm) {
  std::vector<ExitRow> rows;
  for (const auto& exit : run.exits) {
    if (exit.value("vm", u64{0}) != vm) continue;
    const std::string reason = exit.value("reason", "?");
    auto row = std::ranges::find(rows, reason, &ExitRow::reason);
    if (row == rows.end()) row = rows.insert(rows.end(), ExitRow{reason});
    row->exits += exit.value("count", u64{0});
    row->handled += exit.value("handled", u64{0});
    row->cycles += exit.value("cycles", u64{0});
    if (exit.value("handled", u64{0}) == 0) continue;
    row->least = std::min(row->least, exit.value("least", u64{0}));
    row->most = std::max(row->most, exit.value("most", u64{0}));
  }
  std::ranges::stable_sort(rows, std::ranges::greater(), &ExitRow::cycles);
  return rows;
}

TextTable machine_table(const std::vector<ExitRow>& rows) {
  ExitRow all{"all"};
  for (const ExitRow& row : rows) {
    all.exits += row.exits;
    all.cycles += row.cycles;
  }
  TextTable table{"reason", {}, {}};
  for (const ExitRow& row : rows) table.labels.push_back(row.reason);
  table.labels.push_back("all");
  const auto column = [&](const char* heading, auto text_of) {
    TextTable::Column cells{heading, {}};
    for (const ExitRow& row : rows) cells.cells.push_back(text_of(row));
    cells.cells.push_back(text_of(all));
    table.columns.push_back(std::move(cells));
  };
  const auto known = [](const ExitRow& row, u64 value) {
    return row.handled == 0 ? "" : std::to_string(value);
  };
  column("exits", [](const ExitRow& row) { return std::to_string(row.exits); });
  column("exits%", [&](const ExitRow& row) { return fmt::format("{:.2f}", percent(row.exits, all.exits)); });
  column("cycles", [](const ExitRow& row) { return std::to_string(row.cycles); });
  column("cycles%",
         [&](const ExitRow& row) { return fmt::format("{:.2f}", percent(row.cycles, all.cycles)); });
  column("least", [&](const ExitRow& row) { return known(row, row.least); });
  column("mean", [&](const ExitRow& row) { return known(row, mean(row.cycles, row.handled)); });
  column("most", [&](const ExitRow& row) { return known(row, row.most); });
  return table;
}

}  // namespace

std::string format_machine_exits(const MeasuredRun& run, size_t width) {
  std::vector<u64> machines;
  for (const auto& vcpu : run.vcpus) {
    if (const u64 vm = vcpu.value("vm", u64{0}); std::ranges::count(machines, vm) == 0)
      machines.push_back(vm);
  }
  std::string text;
  for (const u64 vm : machines) {
    const std::string which = machines.size() == 1 ? "" : fmt::format(", virtual machine {}", vm);
    text +=
        fmt::format("\nAll exits of {} with {}{}\n", way_title(run), processors_title(run.processors), which);
    text += format_text_table(machine_table(rows_of_machine(run, vm)), width);
  }
  return text;
}

}  // namespace hvlab::lab
