// `hvlab demo`: one workload, every way of running it, one table.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Prepares the ways, boots each with 1 and 4 processors, and prints what came out. Returns the exit status:
/// 0, 1 if a way failed or computed something else, 130 after Ctrl-C. Throws UserError.
int demo_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
