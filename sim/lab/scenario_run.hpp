// Runs scenarios: every cell a process of its own, several side by side, each leaving a directory.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/cell_result.hpp"

namespace hvlab::lab {

struct RunWishes {
  bool verify = false;               // every cell twice, and look where they part
  size_t at_once = 1;                // processes
  std::string folder = "runs";       // where run directories go
  bool refresh = false;              // fetch the newest packages first
  bool live = false;                 // cells can be attached to (docs/live.md)
  bool live_waits = false;           // ... and begin when somebody says so
  std::vector<std::string> command;  // the words of the command line, for run.json
};

/// Runs all cells of all scenarios and judges them. Directories are FOLDER/NAME/STAMP with a folder for each
/// cell and a run.json that lists them, or neither where the scenario varies nothing; FOLDER/NAME/latest
/// leads to the last. What cannot be prepared says so in its result. After Ctrl-C what has been measured is
/// there and the status is kInterrupted. Throws UserError if nothing can be written.
std::vector<ScenarioResult> run_scenarios(std::vector<scenario::Scenario> scenarios, const RunWishes& wishes);

}  // namespace hvlab::lab
