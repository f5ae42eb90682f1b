// `hvlab overhead`: what ways of virtualizing cost, told from runs, for the cluster tier.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Runs scenarios/overhead, or takes runs that there are; prints the figures of each way, or writes them into
/// the files of profiles/overhead. Returns the exit status. Throws UserError.
int overhead_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
