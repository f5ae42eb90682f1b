#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <map>

#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/demo_prepare.hpp"
#include "sim/lab/demo_runner.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;

constexpr int kFailed = 1;

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("json", "print measurements and verdicts as JSON")
      ("refresh", "ask the Debian mirror for newer packages first")
      ("help", "show this");
  // clang-format on
  return options;
}

struct Request {
  po::variables_map values;
  std::vector<const Claim*> claims;
};

Request parse(const std::vector<std::string>& arguments, const po::options_description& described) {
  po::options_description options;
  options.add(described).add_options()("claim", po::value<std::vector<std::string>>());
  Request request;
  request.values = parse_arguments("claims", arguments, options, "claim");
  const std::vector<std::string> names = texts_of(request.values, "claim");
  for (const std::string& name : names) {
    const auto found =
        std::ranges::find(claims(), name, [](const Claim& row) { return std::string(row.id); });
    if (found == claims().end())
      throw UserError("claims: '" + name + "' is not one that can be tested here; see 'hvlab claims --help'");
    request.claims.push_back(&*found);
  }
  if (names.empty()) {
    for (const Claim& claim : claims()) request.claims.push_back(&claim);
  }
  return request;
}

int print_help(const po::options_description& options) {
  std::cout
      << "usage: hvlab claims [CLAIM]... [OPTION]...\n\n"
         "Does the runs that claims about virtualization are judged by, and says what their numbers say:\n"
         "holds, holds if, does not hold, or cannot be tested here. Without a name, all:\n";
  for (const Claim& claim : claims()) fmt::print("  {:<4} {}\n", claim.id, claim.summary);
  std::fflush(stdout);
  std::cout << '\n' << options << "\nExit status: 0 if every run went well, whatever the verdicts.\n";
  return 0;
}

/// One run, wanted by one claim or several.
struct Cell {
  const Way* way;
  unsigned processors, instances;
  bool quick;
  bool operator==(const Cell&) const = default;
};

std::vector<Cell> cells_of(const Claim& claim) {
  std::vector<Cell> cells;
  for (const unsigned processors : claim.runs.processors) {
    for (const std::string& way : claim.runs.ways) {
      for (const unsigned instances : claim.runs.instances)
        cells.push_back({&find_way(way), processors, instances, claim.runs.quick});
    }
  }
  return cells;
}

std::vector<Cell> cells_of(const std::vector<const Claim*>& wanted) {
  std::vector<Cell> cells;
  for (const Claim* claim : wanted) {
    for (const Cell& cell : cells_of(*claim)) {
      if (std::ranges::count(cells, cell) == 0) cells.push_back(cell);
    }
  }
  return cells;
}

/// The packages and files of all cells; not 0: fetching failed, and has said why.
int prepare(const std::vector<Cell>& cells, bool refresh, std::vector<DemoBoot>& boots) {
  std::vector<const Way*> ways;
  for (const Cell& cell : cells) {
    if (std::ranges::count(ways, cell.way) == 0) ways.push_back(cell.way);
  }
  for (const Way* way : ways) check_way(*way);
  if (const int status = fetch_systems(ways, refresh); status != 0) return status;
  std::map<std::string, std::string> initrds;
  for (const Way* way : ways) initrds[way->name] = assemble_initrd(*way);
  for (const Cell& cell : cells) {
    boots.push_back(
        {cell.way, cell.processors, demo_kernel(), initrds[cell.way->name], cell.quick, cell.instances});
  }
  return 0;
}

/// The runs that `claim` is judged by, out of those of all cells.
std::vector<WayRun> runs_of(const Claim& claim, const std::vector<Cell>& cells,
                            const std::vector<WayRun>& runs) {
  std::vector<WayRun> own;
  for (const Cell& wanted : cells_of(claim)) {
    const auto at = std::ranges::find(cells, wanted) - cells.begin();
    own.push_back(runs[static_cast<size_t>(at)]);
  }
  return own;
}

/// True if every run of the claim went well; says on standard error which did not.
bool check(std::vector<WayRun>& runs) {
  check_runs(runs);
  bool good = true;
  for (const WayRun& run : runs) {
    if (run.failure.empty()) continue;
    good = false;
    fmt::print(stderr, "hvlab: {} with {} processor(s), {} instance(s): {}\n", run.way, run.processors,
               instances(run), run.failure);
  }
  return good;
}

}  // namespace

int claims_command(const std::vector<std::string>& arguments) {
  const po::options_description options = describe();
  const Request request = parse(arguments, options);
  if (request.values.count("help") != 0) return print_help(options);
  const std::vector<Cell> cells = cells_of(request.claims);
  std::vector<DemoBoot> boots;
  if (const int status = prepare(cells, request.values.count("refresh") != 0, boots); status != 0)
    return status;
  const std::vector<WayRun> runs = run_boots(boots);
  if (runs.empty()) return exit_status::kInterrupted;
  bool good = true;
  nlohmann::ordered_json document = {{"kernel", demo_kernel_version()},
                                     {"claims", nlohmann::ordered_json::array()}};
  std::string text =
      fmt::format("Debian's kernel {}, profile {}\n", demo_kernel_version(), cells.front().way->processor);
  for (const Claim* claim : request.claims) {
    std::vector<WayRun> own = runs_of(*claim, cells, runs);
    good = check(own) && good;
    const analysis::Verdict verdict = claim->judge(measurements_of(own));
    text += '\n' + format_verdict(verdict, true, output_width());
    nlohmann::ordered_json judged = verdict_json(verdict);
    judged["runs"] = format_json(own)["ways"];
    document["claims"].push_back(std::move(judged));
  }
  std::cout << (request.values.count("json") != 0 ? document.dump(2) + '\n' : text) << std::flush;
  return good ? 0 : kFailed;
}

}  // namespace hvlab::lab
