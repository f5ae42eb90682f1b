// What `hvlab compare --json` says (schema hvlab.comparison/1), as columns of figures and a list of
// differences.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::views {

/// The figures of a run that stand side by side, in the order in which they are shown.
enum class Figure : u8 {
  Time,        // seconds of all phases, or of the one that is chosen
  Throughput,  // bytes a second of the phase; none for all
  Latency,     // seconds of one of its steps
  Exits,       // of virtual machines, a second
  Memory,      // bytes that an instance needs
  Start,       // seconds from power-on to the workload's start
  Count
};
/// "time", "throughput", ...: keys of the catalogue's "compare.figure".
const char* name(Figure figure);
/// "s", "bytes/s", "1/s", "bytes", for CSV.
const char* unit(Figure figure);
/// Whether more of it is worse, equal, or better: 1, 0, -1.
int worse(Figure figure);

/// A run of the comparison.
struct CompareColumn {
  size_t place = 0;  // among the runs that were asked for, from 0
  std::string title;
  unsigned processors = 1;
  std::string failure;  // empty: it went well
  std::optional<double> figures[static_cast<size_t>(Figure::Count)];
  std::vector<std::pair<std::string, double>> ledger;  // seconds of processor time, of the phase or of all

  const std::optional<double>& figure(Figure which) const { return figures[static_cast<size_t>(which)]; }
};

/// The phases of the first run that has any.
std::vector<std::string> compared_phases(const record::Json& document);

/// A column for each run of the document, in its order. `phase`: empty for all. Figures that a run does not
/// have are not there. Throws nlohmann::json::exception if it is no such document.
std::vector<CompareColumn> compare_columns(const record::Json& document, const std::string& phase);

/// The column whose run stood at `place`; null if there is none.
const CompareColumn* column_at(const std::vector<CompareColumn>& columns, size_t place);

/// A difference that the document tells.
struct ToldDifference {
  std::string what, subject, run, baseline, unit, why;
  unsigned processors = 1;
  size_t place = 0;
  double value = 0, reference = 0;
  std::optional<double> ratio;
  std::vector<std::string> explained;  // names that `hvlab explain` knows
};

/// Those of the runs at `places`: the weightiest of each subject (a phase's time, memory, ...) first, then
/// the second ones, each time by falling weight; of `phase` alone unless it is empty. `language`: "en", "ja".
std::vector<ToldDifference> told_differences(const record::Json& document, const std::vector<size_t>& places,
                                             const std::string& phase, const std::string& language);

}  // namespace hvlab::views
