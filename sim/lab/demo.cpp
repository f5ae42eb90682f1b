#include "sim/lab/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/board/machine_config.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/demo_prepare.hpp"
#include "sim/lab/demo_progress.hpp"
#include "sim/lab/demo_runner.hpp"
#include "sim/lab/demo_table.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/numbers.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;

constexpr int kFailed = 1;

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("quick", "the short form of the workload")
      ("ways", po::value<std::string>()->value_name("NAME,..."),
       "only these ways; the others are compared with the first")
      ("processors", po::value<std::string>()->default_value("1,2")->value_name("N,..."),
       "each way on machines with so many")
      ("instances", po::value<std::string>()->value_name("N"),
       "so many of the workload side by side, in every way but bare")
      ("exits", "list all exits of each virtual machine too, in the columns of perf kvm stat")
      ("json", "print the results as JSON")
      ("refresh", "ask the Debian mirror for newer packages first")
      ("prepare", "only fetch and assemble; print the paths of the kernel and the initrds")
      ("help", "show this");
  // clang-format on
  return options;
}

void print_help(const po::options_description& options) {
  std::cout << "usage: hvlab demo [OPTION]...\n\n"
               "Runs one workload on Debian's own kernel in several ways, each on a simulated PC, and\n"
               "compares them:\n";
  for (const Way& way : demo_ways()) {
    fmt::print("  {:<15} {}{}\n", way.name, way.summary, way.standard ? "" : " (only when named)");
  }
  std::fflush(stdout);
  std::cout << "\nThe kernel and all programs are Debian packages, taken from this host's apt mirror into\n"
               "$XDG_CACHE_HOME/hvlab (else ~/.cache/hvlab); nothing is installed.\n\n"
            << options
            << "\nExit status: 0 if every way ran and all computed the same; 1 if not; 2 for a mistake; 130 "
               "after Ctrl-C.\n";
}

/// Every standard way, or those named in "NAME,NAME...".
std::vector<const Way*> chosen_ways(const po::variables_map& values) {
  std::vector<const Way*> ways;
  if (values.count("ways") == 0) {
    for (const Way& way : demo_ways()) {
      if (way.standard) ways.push_back(&way);
    }
    return ways;
  }
  std::istringstream names(values["ways"].as<std::string>());
  for (std::string name; std::getline(names, name, ',');) {
    ways.push_back(&find_way(name));
  }
  if (ways.empty()) throw UserError("--ways: name at least one; see 'hvlab demo --help'");
  return ways;
}

/// The numbers of "N,N...".
std::vector<unsigned> chosen_processors(const po::variables_map& values) {
  std::vector<unsigned> counts;
  std::istringstream numbers(values["processors"].as<std::string>());
  for (std::string number; std::getline(numbers, number, ',');)
    counts.push_back(static_cast<unsigned>(parse_count("--processors", number, 1, board::kMaxProcessors)));
  if (counts.empty()) throw UserError("--processors: give at least one number, like 1,2");
  return counts;
}

unsigned instances_of(const Way& way, const po::variables_map& values) {
  if (values.count("instances") == 0 || &way == &demo_ways().front()) return way.instances;
  return static_cast<unsigned>(
      parse_count("--instances", values["instances"].as<std::string>(), 1, kMostInstances));
}

std::vector<DemoBoot> prepare(const std::vector<const Way*>& ways, const po::variables_map& values) {
  const std::string kernel = demo_kernel();
  std::map<std::string, std::string> initrds;
  for (const Way* way : ways) initrds[way->name] = assemble_initrd(*way);
  std::vector<DemoBoot> boots;
  for (const unsigned processors : chosen_processors(values)) {
    for (const Way* way : ways) {
      boots.push_back({way, processors, kernel, initrds[way->name], values.count("quick") != 0,
                       instances_of(*way, values)});
    }
  }
  return boots;
}

void print_paths(const std::vector<DemoBoot>& boots) {
  fmt::print("kernel {}\n", boots.front().kernel);
  for (const DemoBoot& boot : boots) {
    if (boot.processors == boots.front().processors) fmt::print("{} {}\n", boot.way->name, boot.initrd);
  }
}

void print_table(const std::vector<WayRun>& runs, bool exits, double host) {
  const size_t width = output_width();
  fmt::print(
      "\nDebian's kernel {} and one workload, in every way of running it, on a simulated PC\n"
      "Times are simulated; x: ratio to {}; * several instances side by side\n\n{}",
      demo_kernel_version(), runs.front().way, format_runs(runs, width));
  for (const WayRun& run : runs) {
    if (exits) fmt::print("{}", format_machine_exits(run, width));
  }
  fmt::print("\nWhat these runs say of two claims (hvlab claims tells all, with their numbers)\n");
  const std::vector<analysis::Measurement> measured = measurements_of(runs);
  for (const auto judge : {analysis::judge_overhead, analysis::judge_hosted_io})
    fmt::print("{}", format_verdict(judge(measured), false, width));
  fmt::print("\n");
  u64 instructions = 0;
  for (const WayRun& run : runs) instructions += run.instructions;
  fmt::print("{} runs, {:.2f} billion instructions, {:.1f} s on this host\n", runs.size(),
             static_cast<double>(instructions) / 1e9, host);
}

/// Says which runs failed, and how; true if none did.
bool report_failures(const std::vector<WayRun>& runs) {
  bool good = true;
  for (const WayRun& run : runs) {
    if (run.failure.empty()) continue;
    good = false;
    fmt::print(stderr, "hvlab: {} with {} processor(s): {}\n", run.way, run.processors, run.failure);
  }
  return good;
}

}  // namespace

int demo_command(const std::vector<std::string>& arguments) {
  const po::options_description options = describe();
  const po::variables_map values = parse_arguments("demo", arguments, options, "");
  if (values.count("help") != 0) return print_help(options), 0;
  const double started = host_seconds();
  const std::vector<const Way*> ways = chosen_ways(values);
  for (const Way* way : ways) check_way(*way);
  if (const int status = fetch_systems(ways, values.count("refresh") != 0); status != 0) return status;
  const std::vector<DemoBoot> boots = prepare(ways, values);
  if (values.count("prepare") != 0) return print_paths(boots), 0;
  std::vector<WayRun> runs = run_boots(boots);
  if (runs.empty()) return exit_status::kInterrupted;
  check_runs(runs);
  if (values.count("json") != 0) {
    std::cout << format_json(runs).dump(2) << '\n';
  } else if (std::ranges::any_of(runs, [](const WayRun& run) { return run.failure.empty(); })) {
    print_table(runs, values.count("exits") != 0, host_seconds() - started);
  }
  std::fflush(stdout);
  if (!report_failures(runs)) return kFailed;
  if (values.count("json") == 0) {
    fmt::print("All {} runs computed the same in all {} phases.\n", runs.size(),
               runs.front().log.phases.size());
  }
  return 0;
}

}  // namespace hvlab::lab
