// `hvlab run`, `hvlab regress` and `hvlab init`: scenarios, run and judged.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

namespace hvlab::lab {

/// The exit statuses of what runs scenarios, for --help.
extern const char* const kStatuses;

/// --jobs, or as many as the host has processors. Throws UserError.
size_t jobs(const std::string& command, const boost::program_options::variables_map& values);

struct RunWishes;
/// --live of the commands whose runs can be attached to: its help, and what it asks for. Throws UserError.
extern const char* const kLiveHelp;
void take_live(const boost::program_options::variables_map& values, RunWishes& wishes);

/// A command line as run.json keeps it.
std::vector<std::string> command_words(const std::string& command, const std::vector<std::string>& arguments);

/// Runs one scenario. Returns an exit status as its help lists them. Throws UserError.
int run_command(const std::vector<std::string>& arguments);

/// Runs all scenarios of files and folders, and sums up. Throws UserError.
int regress_command(const std::vector<std::string>& arguments);

/// Writes a starter scenario. Throws UserError.
int init_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
