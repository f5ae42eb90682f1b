// Claims about virtualization: which runs each takes, and what the runs say.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "sim/analysis/verdict.hpp"
#include "sim/lab/demo_result.hpp"

namespace hvlab::lab {

/// Runs of ways that a claim is judged by: every way with every number of processors and of instances.
struct ClaimRuns {
  std::vector<std::string> ways;
  std::vector<unsigned> processors;
  std::vector<unsigned> instances;
  bool quick = false;  // the short form of the workload is enough
};

struct Claim {
  const char* id;
  const char* summary;
  analysis::Verdict (*judge)(analysis::Measurements);
  ClaimRuns runs;
};

/// Those that can be judged here, by id.
std::span<const Claim> claims();

/// The runs without a failure, as claims look at them.
std::vector<analysis::Measurement> measurements_of(const std::vector<WayRun>& runs);

/// "H1 overhead: ...: holds if ..." folded to `width`, and the figures below it if `figures`.
std::string format_verdict(const analysis::Verdict& verdict, bool figures, size_t width);

/// {"claim", "statement", "verdict", "text", "figures": [{"what", "value", "unit"}], "limits"}.
nlohmann::ordered_json verdict_json(const analysis::Verdict& verdict);

/// `hvlab claims`: does the runs that the named claims take and prints numbers and verdicts. Returns the exit
/// status. Throws UserError.
int claims_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
