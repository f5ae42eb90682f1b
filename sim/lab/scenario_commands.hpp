// `hvlab run`, `hvlab regress` and `hvlab init`: scenarios, run and judged.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Runs one scenario. Returns an exit status as its help lists them. Throws UserError.
int run_command(const std::vector<std::string>& arguments);

/// Runs all scenarios of files and folders, and sums up. Throws UserError.
int regress_command(const std::vector<std::string>& arguments);

/// Writes a starter scenario. Throws UserError.
int init_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
