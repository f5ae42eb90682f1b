// `hvlab cluster-cell`: what runs one cell of a cluster; nothing for users.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

/// The arguments that run the cell whose resolved.yaml is in `home`, into run directory `directory`.
std::vector<std::string> cluster_arguments(const scenario::Scenario& scenario, const std::string& home,
                                           const std::string& directory);

/// hvlab cluster-cell FILE FOLDER DIRECTORY: runs the only cell of the scenario FILE, whose traces are in
/// FOLDER, and leaves a run in DIRECTORY. Prints the summary; progress goes to standard error. 0; 130 if it
/// was stopped, after what it measured until then was written; 70 if a law of the simulation was broken.
int cluster_cell_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
