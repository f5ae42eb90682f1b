// The results of a sweep in one SQLite file, which is also its memory: what is in it was finished.
//
//   sweep(key, value)              what was asked for: scenario and its content
//   axis(number, path, position, value, number_value)
//   cell(id, kind, status, run)    kind: 'grid', or 'cost' for one with a cost changed; status: exit status
//   of its run, NULL before parameter(cell, path, value, number_value) result(cell, metric, value, unit)
//   cost(name, value, source, assumed)
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/sweep/axis.hpp"

namespace hvlab::sweep {

/// One run of the scenario with some of its values replaced.
struct Cell {
  u32 id = 0;                                                 // from 0, in the order of the grid
  std::string kind = "grid";                                  // or "cost"
  std::vector<std::pair<std::string, std::string>> settings;  // path and value
};

struct Metric {
  std::string name;
  double value = 0;
  std::string unit;  // "" if it has none
};

/// How a cell ended.
struct Outcome {
  int status = 0;   // exit status of its run
  std::string run;  // its run directory, relative to the sweep's
  std::vector<Metric> metrics;
};

/// The source of a cost that the scenario or the sweep sets.
inline constexpr const char* kSetSource = "set by the scenario";

/// A figure of the processor profile that the results rest on.
struct Cost {
  std::string name;
  double value = 0;
  std::string source;
  bool assumed = false;
  double least = 1;  // the smallest value that it can have
};

/// What was asked for. Equal questions continue an unfinished sweep; others are refused.
struct Question {
  std::string scenario;  // path of the file
  std::string content;   // what the file said, and what was set over it
  std::vector<Axis> axes;
  std::vector<Cell> cells;
};

class Store {
 public:
  /// Makes the file for `question`; throws UserError if it exists or cannot be written.
  static Store create(const std::string& file, const Question& question);
  /// Opens what an earlier sweep left. Throws UserError if it is no such file, or asks something else.
  static Store resume(const std::string& file, const Question& question);
  /// Opens the file to be read. Throws UserError if it is no such file.
  static Store open(const std::string& file);

  /// True for statuses that say nothing of the cell, so that it runs again: stopped, our fault, a package or
  /// a file missing, no room.
  static bool runs_again(int status);

  /// Cells that have no outcome yet, or that run again; ascending.
  std::vector<u32> unfinished();
  /// Takes down how a cell ended, in one transaction; a later one replaces an earlier one.
  void finish(u32 cell, const Outcome& outcome);
  /// Keeps a text under a name of its own ("job": the Slurm job that may still run), or gives it back; empty
  /// if there is none.
  void note(const std::string& key, const std::string& value);
  std::string noted(const std::string& key);

  void note_costs(const std::vector<Cost>& costs);

  Question question();
  std::optional<Outcome> outcome(u32 cell);
  std::vector<Cost> costs();

 private:
  explicit Store(SQLite::Database database) : database_(std::move(database)) {}
  SQLite::Database database_;
};

}  // namespace hvlab::sweep
