// The subcommands of hvlab: a table, one line each.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

struct Command {
  const char* name;
  const char* summary;  // one line for `hvlab --help`
  /// Runs with the arguments after the command's name; returns the exit status. Throws UserError for a user's
  /// mistake.
  int (*run)(const std::vector<std::string>& arguments);
};

/// The main program's whole work but for SystemC's needs: finds the command, runs it, turns a UserError into
/// one line on standard error and status 2.
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
