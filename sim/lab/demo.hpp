// `hvlab demo`: a scenario of scenarios/demo, run as `hvlab run` runs it, and its cells side by side.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Runs the demo's scenario with what the command line sets over it and prints the comparison of its cells
/// (sim/lab/comparison.hpp). Returns the exit status of the scenario's run. Throws UserError.
int demo_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
