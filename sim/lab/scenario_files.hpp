// Scenario files from disk, with the names that this program knows.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

/// What a cell's run directory calls the cell, with all defaults: a scenario of its own.
inline constexpr const char* kResolvedCell = "resolved.yaml";

/// The ways, profiles, features, costs and metrics of this program.
scenario::Vocabulary scenario_vocabulary();

/// The contents of file `path`. Throws UserError if it cannot be read.
std::string read_scenario_file(const std::string& path);

/// "path=value" of --set. Throws UserError.
std::vector<scenario::Override> parse_overrides(const std::vector<std::string>& texts);

/// Reads a scenario or throws InvalidScenario with the report of all that is wrong with it.
scenario::Scenario load_scenario(const std::string& path, const std::vector<scenario::Override>& overrides,
                                 const scenario::Vocabulary& vocabulary);

struct InvalidScenario {
  std::string report;
};

/// What to say of a cell that is not among those with these labels ("there is no cell 'x'; there are ...").
std::string no_cell(const std::string& wanted, const std::vector<std::string>& labels);

/// A scenario to start from, which runs as it is.
std::string starter_scenario();
/// The same of many hosts.
std::string starter_cluster();

/// The scenario files that a path stands for: itself, or all *.yaml files below the folder, sorted. Throws
/// UserError if there are none.
std::vector<std::string> scenario_files(const std::string& path);

}  // namespace hvlab::lab
