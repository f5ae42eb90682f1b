// What came of the cells of a scenario, and whether it is what the scenario expects.
#pragma once

#include <string>
#include <vector>

#include "sim/analysis/verdict.hpp"
#include "sim/lab/metric_values.hpp"
#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

struct CellResult {
  std::string ending;     // "power-off", ...; "refused", "crashed", "interrupted", or empty: it did not run
  std::string directory;  // what it left
  std::string console;    // what the guest printed
  std::string console_again;  // the same of --verify's second run
  std::string statistics;     // stats.json
  std::string errors;         // what the simulator said
  MeasuredRun run;
  Metrics metrics;
  std::string difference;  // of --verify: where its second run parts from the first; empty: nowhere
  double host_seconds = 0;
};

/// One thing that had to hold in one cell.
struct Check {
  size_t cell = 0;
  std::string what;      // "metric time at most 2s"
  std::string measured;  // "2.5s"
  bool held = false;
  std::string why;  // the scenario's, for the case that it does not hold
};

/// A scenario with what its cells left.
struct ScenarioResult {
  scenario::Scenario scenario;
  std::string directory;          // of the run
  std::vector<CellResult> cells;  // as the scenario's
  std::vector<Check> checks;
  std::optional<analysis::Verdict> verdict;  // on the scenario's claim
  std::string problem;                       // why nothing could run; empty if it could
  int status = 0;                            // of exit_status
};

/// The first line in which two texts differ: "WHAT line 3: 'a', not 'b'"; empty if they are the same.
std::string first_difference(const std::string& what, const std::string& one, const std::string& other);

/// How the boot of a cell ended, by its exit status and what it said; 0 is "power-off".
std::string ending_of(int status, const std::string& errors);

/// Fills in checks, verdict and status of a result whose cells have run: how each ended, that the workload
/// was done, and what the scenario expects.
void judge(ScenarioResult& result);

/// The graver of two exit statuses.
int graver(int one, int other);

/// A value in the unit of its metric, as scenarios have it: "2.5s", "128MiB", "1200".
std::string show_value(scenario::MetricUnit unit, double value);
/// The same for people who read a table: "2.5 s", "128 MiB", with at most so many significant digits, times
/// of more than 1000 s in minutes, hours or days.
std::string tell_value(scenario::MetricUnit unit, double value, int digits = 3);

}  // namespace hvlab::lab
