#include "sim/lab/cell_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/lab/claims.hpp"
#include "sim/lab/cluster_log.hpp"
#include "sim/lab/cluster_measurement.hpp"
#include "sim/lab/cluster_statistics.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::lab {

using scenario::Cell;
using scenario::Expectation;
using scenario::MetricUnit;
using scenario::Subject;

namespace {

namespace status = exit_status;

/// The exit status that an ending other than the expected one stands for.
int status_of_ending(const std::string& ending) {
  if (ending == "refused") return status::kInvalid;
  if (ending == "missing") return status::kMissing;
  if (ending == "crashed") return status::kOurFault;
  if (ending == "interrupted" || ending.empty()) return status::kInterrupted;
  if (ending == "time-limit" || ending == "instruction-limit") return status::kLimitReached;
  return status::kGuestFailed;
}

/// Whether the run ended in one of the ways that the scenario names.
bool ended_as_said(const Cell& cell, const CellResult& result) {
  return result.ending == cell.ending ||
         (cell.ending == "power-off or hang" && (result.ending == "power-off" || result.ending == "hang"));
}

void check_ending(const Cell& cell, const CellResult& result, size_t index, ScenarioResult& all) {
  const bool held = ended_as_said(cell, result);
  all.checks.push_back(
      {index, "ends with " + cell.ending, result.ending.empty() ? "did not run" : result.ending, held, ""});
  if (!held) all.status = graver(all.status, status_of_ending(result.ending));
}

bool killed(const Cell& cell, size_t instance) {
  return std::ranges::any_of(cell.events, [&](const scenario::TimedEvent& event) {
    return event.what == "kill" && event.vm == instance + 1;
  });
}

/// What runs in place of the workload in a virtual machine.
bool other_program(const Cell& cell, size_t instance) {
  return instance < cell.vms.size() && !cell.vms[instance].program.empty();
}

/// Every instance of the workload has to say that it is done, unless the scenario has it killed.
void check_workload(const Cell& cell, const CellResult& result, size_t index, ScenarioResult& all) {
  if (cell.workload.empty() || !cell.program.empty() || cell.ending != "power-off" ||
      result.ending != "power-off")
    return;
  for (size_t i = 0; i < cell.instances; ++i) {
    const WorkloadLog& log = i == 0 ? result.run.log : result.run.others[i - 1];
    if (log.done || killed(cell, i) || other_program(cell, i)) continue;
    all.checks.push_back({index, fmt::format("instance {} of the workload is done", i + 1),
                          log.size.empty() ? "it did not start" : "it did not finish", false, ""});
    all.status = graver(all.status, status::kGuestFailed);
  }
}

size_t occurrences(const std::string& text, const std::string& wanted) {
  size_t count = 0;
  for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + wanted.size()))
    ++count;
  return count;
}

std::string console_name(const Expectation& expectation) {
  return expectation.vm == 0 ? "console" : fmt::format("console of vm {}", expectation.vm);
}

/// How often the text is on the consoles of a virtual machine, which are files of the run directory.
size_t occurrences_of_vm(const std::string& directory, const Expectation& expectation) {
  const std::string begin = fmt::format("vm{}-", expectation.vm);
  size_t count = 0;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(directory) / record::kConsoleFolder, none)) {
    if (!entry.path().filename().string().starts_with(begin)) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    count += occurrences({std::istreambuf_iterator<char>(file), {}}, expectation.name);
  }
  return count;
}

/// "log has ha-dead of server-2 at 18s since fault".
std::string log_name(const Expectation& expectation) {
  const scenario::LogChoice& log = expectation.log;
  std::string text = "log has " + expectation.name;
  const auto add = [&](const char* before, const std::string& what) {
    if (!what.empty()) text += before + what;
  };
  const auto several = [](const std::vector<std::string>& names) {
    return names.size() <= 1 ? fmt::format("{}", fmt::join(names, ""))
                             : fmt::format("{} to {}", names.front(), names.back());
  };
  add(" of ", several(log.machines));
  add(" on ", several(log.hosts));
  add(" of ", log.datastore);
  add(" for: ", log.reason);
  if (log.at) add(" at ", show_value(MetricUnit::Time, static_cast<double>(*log.at)));
  if (log.within != 0) add(" +- ", show_value(MetricUnit::Time, static_cast<double>(log.within)));
  add(" since ", log.since);
  return text;
}

std::string describe(const Expectation& expectation, MetricUnit unit) {
  std::string text = expectation.subject == Subject::Console
                         ? fmt::format("{} has '{}'", console_name(expectation), expectation.name)
                     : expectation.subject == Subject::Log ? log_name(expectation)
                                                           : expectation.name;
  for (const scenario::Setting& setting : expectation.against)
    text += fmt::format(" against {}={}", setting.path, setting.value);
  if (expectation.at_least) text += " at least " + show_value(unit, *expectation.at_least);
  if (expectation.at_most) text += " at most " + show_value(unit, *expectation.at_most);
  if (expectation.equals) text += " equal to " + show_value(unit, *expectation.equals);
  if (expectation.reference)
    text += fmt::format(" within {:g} % of {:g} ({})", expectation.reference->within * 100,
                        expectation.reference->value, expectation.reference->source);
  return text;
}

bool within_bounds(const Expectation& expectation, double value) {
  const auto& reference = expectation.reference;
  return (!expectation.at_least || value >= *expectation.at_least) &&
         (!expectation.at_most || value <= *expectation.at_most) &&
         (!expectation.equals || value == *expectation.equals) &&
         (!reference || std::abs(value - reference->value) <= reference->within * std::abs(reference->value));
}

LogCount log_count(const Expectation& expectation, const CellResult& cell) {
  std::ifstream file(cell.directory + "/" + kClusterLog, std::ios::binary);
  return count_lines(read_log({std::istreambuf_iterator<char>(file), {}}), expectation);
}

/// What the expectation looks at in a cell; none if the cell has nothing to say of it.
std::optional<double> figure_of(const Expectation& expectation, const CellResult& cell) {
  if (expectation.subject == Subject::Log) return static_cast<double>(log_count(expectation, cell).count);
  if (expectation.subject == Subject::Console)
    return static_cast<double>(expectation.vm == 0 ? occurrences(cell.console, expectation.name)
                                                   : occurrences_of_vm(cell.directory, expectation));
  return value_of(cell.metrics, expectation.name);
}

std::optional<double> measured_of(const Expectation& expectation, const ScenarioResult& all, size_t index) {
  const std::optional<double> value = figure_of(expectation, all.cells[index]);
  if (!value || expectation.against.empty()) return value;
  const Cell* other = counterpart(all.scenario, all.scenario.cells[index], expectation.against);
  if (other == nullptr) return std::nullopt;
  const auto base = figure_of(expectation, all.cells[static_cast<size_t>(other - all.scenario.cells.data())]);
  if (!base || *base == 0) return std::nullopt;
  return *value / *base;
}

void check_figure(const Expectation& expectation, size_t index, ScenarioResult& all) {
  const MetricUnit unit = expectation.against.empty() ? expectation.unit : MetricUnit::Ratio;
  const std::optional<double> measured = measured_of(expectation, all, index);
  Expectation bounds = expectation;
  // Of a text alone: it is there.
  const bool counted = expectation.subject == Subject::Console || expectation.subject == Subject::Log;
  if (counted && !bounds.at_least && !bounds.at_most && !bounds.equals) bounds.at_least = 1;
  const bool held = measured && within_bounds(bounds, *measured);
  std::string shown = measured ? show_value(unit, *measured) : "not measured";
  if (expectation.subject == Subject::Log && !held) {
    const std::string seen = log_count(expectation, all.cells[index]).seen;
    if (!seen.empty()) shown += " (" + seen + ")";
  }
  all.checks.push_back({index, describe(bounds, unit), shown, held, expectation.why});
  if (!held) all.status = graver(all.status, status::kNotAsExpected);
}

std::string compare_results(const CellResult& base, const CellResult& cell) {
  std::string difference = compare_phases(base.run.log, cell.run.log);
  for (const WorkloadLog& log : cell.run.others) {
    if (difference.empty()) difference = compare_phases(base.run.log, log);
  }
  return difference;
}

std::string compare_everything(const CellResult& base, const CellResult& cell) {
  const std::string difference = first_difference("console", cell.console, base.console);
  return difference.empty() ? first_difference("statistics", cell.statistics, base.statistics) : difference;
}

/// Like the first cell that the expectation is about.
void check_same(const Expectation& expectation, size_t index, ScenarioResult& all) {
  const auto first = std::ranges::find_if(
      all.scenario.cells, [&](const Cell& cell) { return has_settings(cell, expectation.in); });
  const CellResult& base = all.cells[static_cast<size_t>(first - all.scenario.cells.begin())];
  const bool results = expectation.subject == Subject::SameResults;
  const std::string difference =
      results ? compare_results(base, all.cells[index]) : compare_everything(base, all.cells[index]);
  all.checks.push_back({index, "same " + expectation.name, difference.empty() ? "the same" : difference,
                        difference.empty(), expectation.why});
  if (!difference.empty()) all.status = graver(all.status, status::kNotAsExpected);
}

/// Puts the cells' numbers to the rule of the scenario's claim.
void judge_claim(ScenarioResult& all) {
  const Claim* claim = find_claim(all.scenario.claim);
  if (claim == nullptr) return;
  std::vector<MeasuredRun> runs;
  std::vector<analysis::Measurement> clusters;
  for (size_t i = 0; i < all.cells.size(); ++i) {
    const CellResult& cell = all.cells[i];
    if (cell.ending != "power-off" && !ended_as_said(all.scenario.cells[i], cell)) continue;
    if (all.scenario.cells[i].cluster) {
      clusters.push_back(measurement_of(all.scenario.cells[i], cell.metrics));
    } else {
      runs.push_back(cell.run);
    }
  }
  std::vector<analysis::Measurement> measured = measurements_of(runs);
  measured.insert(measured.end(), clusters.begin(), clusters.end());
  all.verdict = claim->judge(measured);
  const std::string word(analysis::name(all.verdict->word));
  const bool held = all.scenario.verdicts.empty() || std::ranges::count(all.scenario.verdicts, word) != 0;
  all.checks.push_back({0,
                        fmt::format("verdict on {} is {}", all.scenario.claim,
                                    all.scenario.verdicts.empty()
                                        ? "found"
                                        : fmt::format("{}", fmt::join(all.scenario.verdicts, " or "))),
                        word, held, ""});
  if (!held) all.status = graver(all.status, status::kNotAsExpected);
}

}  // namespace

std::string first_difference(const std::string& what, const std::string& one, const std::string& other) {
  if (one == other) return "";
  size_t start = 0, line = 1;
  for (size_t at = 0; at < std::min(one.size(), other.size()) && one[at] == other[at]; ++at) {
    if (one[at] != '\n') continue;
    start = at + 1;
    ++line;
  }
  constexpr size_t kShown = 80;
  const auto rest = [&](const std::string& text) {
    return text.substr(start,
                       std::min(std::min(text.find_first_of("\r\n", start), text.size()) - start, kShown));
  };
  return fmt::format("{} line {}: '{}', not '{}'", what, line, rest(one), rest(other));
}

std::string ending_of(int ended, const std::string& errors) {
  if (ended == status::kPowerOff) return "power-off";
  constexpr std::string_view kSays = "hvlab: ended by ";
  const size_t at = errors.rfind(kSays);
  if (at != std::string::npos) {
    const std::string rest = errors.substr(at + kSays.size());
    return rest.substr(0, rest.find_first_of(" \r\n"));
  }
  if (ended == status::kUsage) return "refused";
  if (ended == status::kMissing) return "missing";
  if (ended == status::kInterrupted) return "interrupted";
  return "crashed";
}

void judge(ScenarioResult& result) {
  for (size_t i = 0; i < result.cells.size(); ++i) {
    const Cell& cell = result.scenario.cells[i];
    const CellResult& left = result.cells[i];
    check_ending(cell, left, i, result);
    // What broke off says nothing of what was expected of the whole.
    if (!ended_as_said(cell, left)) continue;
    check_workload(cell, left, i, result);
    if (!left.difference.empty()) {
      result.checks.push_back({i, "two runs are the same", left.difference, false, ""});
      result.status = graver(result.status, status::kNotAsExpected);
    }
    for (const Expectation& expectation : result.scenario.expectations) {
      if (!has_settings(cell, expectation.in)) continue;
      if (expectation.subject == Subject::SameResults || expectation.subject == Subject::SameEverything) {
        check_same(expectation, i, result);
      } else {
        check_figure(expectation, i, result);
      }
    }
  }
  if (!result.scenario.claim.empty()) judge_claim(result);
}

int graver(int one, int other) {
  static constexpr int kOrder[] = {status::kPowerOff,     status::kNotAsExpected, status::kGuestFailed,
                                   status::kLimitReached, status::kInvalid,       status::kMissing,
                                   status::kOurFault,     status::kInterrupted};
  return std::ranges::find(kOrder, one) < std::ranges::find(kOrder, other) ? other : one;
}

std::string show_value(MetricUnit unit, double value) {
  if (unit == MetricUnit::Count) return fmt::format("{:.0f}", value);
  if (unit == MetricUnit::Ratio) return fmt::format("{:.4g}", value);
  if (unit == MetricUnit::Number) return fmt::format("{:.6g}", value);
  struct Scale {
    double factor;
    const char* name;
  };
  static constexpr Scale kTimes[] = {{1e12, "s"}, {1e9, "ms"}, {1e6, "us"}, {1e3, "ns"}, {1, "ps"}};
  static constexpr Scale kSizes[] = {{0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}, {1, "B"}};
  const auto show = [&](std::span<const Scale> scales) {
    for (const Scale& scale : scales) {
      if (value >= scale.factor) return fmt::format("{:.6g}{}", value / scale.factor, scale.name);
    }
    return fmt::format("0{}", scales.front().name);
  };
  return unit == MetricUnit::Time ? show(kTimes) : show(kSizes);
}

std::string tell_value(MetricUnit unit, double value, int digits) {
  if (unit != MetricUnit::Time && unit != MetricUnit::Size) return show_value(unit, value);
  struct Scale {
    double from, factor;
    const char* name;
  };
  constexpr double kMinute = 60e12, kHour = 60 * kMinute, kDay = 24 * kHour;
  static constexpr Scale kTimes[] = {{100 * kHour, kDay, "d"},  {100 * kMinute, kHour, "h"},
                                     {1000e12, kMinute, "min"}, {1e12, 1e12, "s"},
                                     {1e9, 1e9, "ms"},          {1e6, 1e6, "us"},
                                     {1e3, 1e3, "ns"},          {1, 1, "ps"}};
  static constexpr Scale kSizes[] = {{0x1p40, 0x1p40, "TiB"},
                                     {0x1p30, 0x1p30, "GiB"},
                                     {0x1p20, 0x1p20, "MiB"},
                                     {0x1p10, 0x1p10, "KiB"},
                                     {1, 1, "B"}};
  const auto tell = [&](std::span<const Scale> scales, const char* none) {
    for (const Scale& scale : scales) {
      if (value < scale.from) continue;
      const double number = value / scale.factor;
      // No exponent where there are more digits before the point than are asked for.
      return number >= std::pow(10, digits) - 0.5 ? fmt::format("{:.0f} {}", number, scale.name)
                                                  : fmt::format("{:.{}g} {}", number, digits, scale.name);
    }
    return fmt::format("0 {}", none);
  };
  return unit == MetricUnit::Time ? tell(kTimes, "s") : tell(kSizes, "B");
}

}  // namespace hvlab::lab
