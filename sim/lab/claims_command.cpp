#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/arguments.hpp"
#include "sim/lab/claims.hpp"
#include "sim/lab/comparison.hpp"
#include "sim/lab/result_files.hpp"
#include "sim/lab/scenario_commands.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/lab/scenario_run.hpp"
#include "sim/lab/text_table.hpp"

namespace hvlab::lab {

namespace {

namespace po = boost::program_options;
using scenario::Scenario;

constexpr const char* kClusterTier = "cluster";

po::options_description describe() {
  po::options_description options("Options", 110, 60);
  // clang-format off
  options.add_options()
      ("json", "print measurements and verdicts as JSON")
      ("tier", po::value<std::string>()->value_name("TIER"), "only scenarios of this tier: machine, or cluster, which takes seconds")
      ("refresh", "ask the Debian mirror for newer packages first")
      ("runs", po::value<std::string>()->value_name("FOLDER")->default_value("runs"), "where run directories go")
      ("jobs,j", po::value<std::string>()->value_name("N"), "runs at a time (default: the host's processors)")
      ("help", "show this");
  // clang-format on
  return options;
}

po::variables_map parse(const std::vector<std::string>& arguments, const po::options_description& described) {
  po::options_description options;
  options.add(described).add_options()("claim", po::value<std::vector<std::string>>());
  const po::variables_map values = parse_arguments("claims", arguments, options, "claim");
  for (const std::string& name : texts_of(values, "claim")) {
    if (find_claim(name) == nullptr)
      throw UserError("claims: '" + name + "' is not one that can be tested here; see 'hvlab claims --help'");
  }
  return values;
}

int print_help(const po::options_description& options) {
  std::cout << "usage: hvlab claims [CLAIM]... [OPTION]...\n\n"
               "Runs the scenarios that claims about virtualization are judged by (scenarios/claims), and "
               "says what\n"
               "their numbers say: holds, holds if, does not hold, or cannot be tested here. Without a name, "
               "all:\n";
  for (const Claim& claim : claims()) fmt::print("  {:<4} {}\n", claim.id, claim.summary);
  std::fflush(stdout);
  std::cout << '\n' << options << kStatuses;
  return 0;
}

/// The tier that was asked for; empty: both.
std::string tier_of(const po::variables_map& values) {
  if (values.count("tier") == 0) return "";
  const auto tier = values["tier"].as<std::string>();
  if (tier != "machine" && tier != kClusterTier)
    throw UserError("claims: '--tier " + tier + "' is none; there are machine and cluster");
  return tier;
}

/// The scenarios of the claims that were named, or of all: those of a claim by their files' names.
std::vector<Scenario> load(const std::vector<std::string>& names, const std::string& tier) {
  const scenario::Vocabulary words = scenario_vocabulary();
  std::vector<Scenario> wanted;
  for (const std::string& file : scenario_files(data_folder("scenarios/claims").string())) {
    Scenario scenario = load_scenario(file, {}, words);
    const bool of_tier = tier.empty() || scenario.cells.front().cluster == (tier == kClusterTier);
    if (of_tier && (names.empty() || std::ranges::count(names, scenario.claim) != 0))
      wanted.push_back(std::move(scenario));
  }
  if (wanted.empty())
    throw UserError("claims: no scenario of tier " + tier + " judges " + analysis::list(names) +
                    "; leave --tier out");
  // By the claims' numbers: as words, H12 comes before H2.
  std::ranges::stable_sort(wanted, {}, [](const Scenario& each) {
    const Claim* claim = find_claim(each.claim);
    return claim == nullptr ? claims().size() : static_cast<size_t>(claim - claims().data());
  });
  return wanted;
}

nlohmann::ordered_json claim_json(const ScenarioResult& result) {
  nlohmann::ordered_json judged = result.verdict ? verdict_json(*result.verdict)
                                                 : nlohmann::ordered_json{{"claim", result.scenario.claim}};
  judged["status"] = result.status;
  if (!result.problem.empty()) judged["problem"] = result.problem;
  if (!result.directory.empty() && !result.scenario.cells.front().cluster)
    judged["runs"] = comparison_json(read_comparison({record::RunReader(result.directory)}))["ways"];
  return judged;
}

std::string claim_text(const ScenarioResult& result) {
  if (!result.problem.empty()) return result.scenario.claim + ": " + result.problem + '\n';
  return result.verdict ? format_verdict(*result.verdict, true, output_width()) : "";
}

}  // namespace

int claims_command(const std::vector<std::string>& arguments) {
  const po::options_description options = describe();
  const po::variables_map values = parse(arguments, options);
  if (values.count("help") != 0) return print_help(options);
  const RunWishes wishes{.at_once = jobs("claims", values),
                         .folder = values["runs"].as<std::string>(),
                         .refresh = values.count("refresh") != 0,
                         .command = command_words("claims", arguments)};
  const std::vector<ScenarioResult> results =
      run_scenarios(load(texts_of(values, "claim"), tier_of(values)), wishes);
  int status = 0;
  nlohmann::ordered_json document = {{"schema", "hvlab.claims/1"},
                                     {"claims", nlohmann::ordered_json::array()}};
  std::string text;
  for (const ScenarioResult& result : results) {
    status = graver(status, result.status);
    text += (text.empty() ? "" : "\n") + claim_text(result);
    if (values.count("json") != 0) document["claims"].push_back(claim_json(result));
    if (result.status != 0) std::cerr << result_text(result, false, false);
    if (!result.directory.empty()) std::cerr << "hvlab: runs in " << result.directory << '\n';
  }
  if (values.count("json") != 0)
    text = document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  std::cout << text << std::flush;
  return status;
}

}  // namespace hvlab::lab
