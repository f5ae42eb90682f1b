#include "sim/lab/sweep_options.hpp"

#include <filesystem>
#include <iostream>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/child_pool.hpp"
#include "sim/lab/numbers.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;

constexpr u64 kMostAtOnce = 1024;

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("vary", po::value<std::vector<std::string>>()->composing()->value_name("PATH=VALUES"),
       "a key of the scenario and its values, as A,B,C or LO..HI:STEPS (also :log); may be repeated")
      ("set", po::value<std::vector<std::string>>()->composing()->value_name("PATH=VALUE"),
       "a value over the file's, the same in every cell")
      ("metric", po::value<std::vector<std::string>>()->composing()->value_name("NAME"),
       "what table and plots show ('*' stands for anything); else what the sweep moves most")
      ("assumed", "also move each assumed cost of the processor profile by 25 % down and up, in the first cell")
      ("out", po::value<std::string>()->value_name("DIR"), "where results go (default: sweeps/NAME)")
      ("show", po::value<std::string>()->value_name("DIR"), "run nothing: say what the sweep in DIR has found so far")
      ("resume", "go on with the sweep in DIR: run what is not there yet")
      ("jobs,j", po::value<std::string>()->value_name("N"), "so many cells at a time (default: this machine's processors)")
      ("slurm", "run the cells as a Slurm job array; DIR is seen by every node under the same name")
      ("cells-each", po::value<std::string>()->default_value("4")->value_name("N"), "cells that one element of the job array runs")
      ("held-looks", po::value<std::string>()->default_value("120")->value_name("N"),
       "looks, half a second apart, at a job that is held for good before the sweep stops")
      ("sbatch", po::value<std::string>()->value_name("WORDS"), "further words for sbatch, such as \"--partition=night\"")
      ("no-plots", "draw nothing")
      ("json", "print the results as JSON")
      ("help", "show this");
  // clang-format on
  return options;
}

void print_help(const po::options_description& options) {
  std::cout
      << "usage: hvlab sweep SCENARIO --vary PATH=VALUES... [OPTION]...\n"
         "       hvlab sweep --show DIR [--metric NAME]... [--json]\n\n"
         "Runs a scenario for every combination of values, and says what moves what. A scenario's own "
         "'vary'\n"
         "takes part. Results: DIR/sweep.sqlite, results.csv, plots/*.svg.\n\n"
      << options
      << "\nExit status: 0 if every cell ran well; 1 if an expectation failed in one; 4 if one could not be\n"
         "finished; 2 for a mistake, 3 for one in the scenario; 130 after Ctrl-C: --resume goes on.\n";
}

std::vector<std::string> words_of_line(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::optional<SweepOptions> parse_sweep_options(const std::vector<std::string>& arguments) {
  po::options_description all = describe();
  po::options_description hidden;
  hidden.add_options()("scenario", po::value<std::vector<std::string>>());
  po::options_description both;
  both.add(all).add(hidden);
  const po::variables_map values = parse_arguments("sweep", arguments, both, "scenario");
  if (values.count("help") != 0) return print_help(all), std::nullopt;
  const std::vector<std::string> files = texts_of(values, "scenario");
  if (values.count("show") != 0) {
    if (!files.empty()) throw UserError("sweep: --show tells of a sweep that was; leave the scenario out");
    SweepOptions options;
    options.show = values["show"].as<std::string>();
    options.metrics = texts_of(values, "metric");
    options.json = values.count("json") != 0;
    return options;
  }
  if (files.size() != 1) throw UserError("sweep: name one scenario file; see 'hvlab sweep --help'");
  SweepOptions options;
  options.scenario = files.front();
  for (const std::string& text : texts_of(values, "vary")) options.axes.push_back(sweep::parse_axis(text));
  options.settings = texts_of(values, "set");
  options.metrics = texts_of(values, "metric");
  options.directory = values.count("out") != 0
                          ? values["out"].as<std::string>()
                          : "sweeps/" + std::filesystem::path(options.scenario).stem().string();
  options.at_once = values.count("jobs") != 0
                        ? parse_count("--jobs", values["jobs"].as<std::string>(), 1, kMostAtOnce)
                        : host_processors();
  options.slurm = values.count("slurm") != 0;
  options.wishes.cells_each =
      parse_count("--cells-each", values["cells-each"].as<std::string>(), 1, sweep::kMostCells);
  options.wishes.held_looks =
      static_cast<int>(parse_count("--held-looks", values["held-looks"].as<std::string>(), 1, 1'000'000));
  if (values.count("sbatch") != 0) options.wishes.more = words_of_line(values["sbatch"].as<std::string>());
  options.resume = values.count("resume") != 0;
  options.costs = values.count("assumed") != 0;
  options.plots = values.count("no-plots") == 0;
  options.json = values.count("json") != 0;
  return options;
}

}  // namespace hvlab::lab
