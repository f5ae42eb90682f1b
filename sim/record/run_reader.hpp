// Reads a run directory, whole or not. docs/run-directory.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/record/run_files.hpp"
#include "sim/record/trace_reader.hpp"

namespace hvlab::record {

/// The directory that `text` names: a run directory, a folder of them (its latest run), a NAME in runs/, or
/// one of these with a cell's label ("balancing/on=true"). Throws RunMissing if there is none.
std::filesystem::path find_run(const std::string& text);

class RunReader {
 public:
  /// Opens the run that `text` names (find_run). Throws RunMissing, or UserError if run.json is damaged.
  explicit RunReader(const std::string& text);

  const std::filesystem::path& path() const { return path_; }
  /// What the user called it, for headings.
  const std::string& title() const { return title_; }
  /// Whether this is a run of several cells, each a run of its own in a folder below.
  bool has_cells() const { return run_.contains("cells"); }
  /// The cells that have begun, in their order, called by their labels. Throws UserError if run.json is
  /// damaged.
  std::vector<RunReader> cells() const;
  /// What the cell has of its own, path and value ("software.way", "kvm"); empty of a run that is no cell.
  const Json& settings() const { return settings_; }

  RunState state() const { return state_; }
  /// Reads run.json anew: whether the run still goes on. What was read of other files is forgotten.
  void refresh();
  /// run.json
  const Json& run() const { return run_; }

  /// stats.json. Throws RunMissing if the run has left none: it is still going on, or was killed.
  const Json& stats() const;
  /// Throws RunMissing if nothing was recorded.
  TraceReader trace() const;
  bool has(const std::string& file) const;
  /// The content of a file, text or not. Throws RunMissing.
  std::string content(const std::string& file) const;

 private:
  [[noreturn]] void lacks(const std::string& file) const;

  std::filesystem::path path_;
  std::string title_;
  Json settings_ = Json::object();
  RunState state_ = RunState::Killed;
  Json run_;
  mutable Json stats_;
};

}  // namespace hvlab::record
