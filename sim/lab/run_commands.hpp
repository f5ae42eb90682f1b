// The commands that look at runs: thin front ends of sim/analysis. docs/looking-at-runs.md.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

// Each returns the exit status: 0; 1 if compared runs differ; 6 (by record::RunMissing) if there is no such
// run. Each throws UserError.
int stat_command(const std::vector<std::string>& arguments);
int compare_command(const std::vector<std::string>& arguments);
int top_command(const std::vector<std::string>& arguments);
int trace_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
