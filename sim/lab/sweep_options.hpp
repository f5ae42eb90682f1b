// The command line of hvlab sweep.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/lab/sweep_slurm.hpp"
#include "sim/sweep/axis.hpp"

namespace hvlab::lab {

struct SweepOptions {
  std::string scenario;               // the file
  std::vector<sweep::Axis> axes;      // of --vary
  std::vector<std::string> settings;  // of --set, "PATH=VALUE"
  std::vector<std::string> metrics;   // of --metric; '*' stands for anything
  std::string directory;              // of --out
  std::string show;                   // a sweep that was, to be told of; the rest does not count then
  size_t at_once = 1;
  bool slurm = false;
  SlurmWishes wishes;
  bool resume = false, costs = false, plots = true, json = false;
};

/// Nothing if help was asked for, and printed. Throws UserError.
std::optional<SweepOptions> parse_sweep_options(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
