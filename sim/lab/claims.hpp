// Claims about virtualization, and what runs say of them. Which runs: scenarios/claims.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/analysis/verdict.hpp"
#include "sim/lab/measured_run.hpp"

namespace hvlab::lab {

struct Claim {
  const char* id;
  const char* summary;
  analysis::Verdict (*judge)(analysis::Measurements);
};

/// Those that can be judged here, by id.
std::span<const Claim> claims();
/// One of them; null if there is no such one.
const Claim* find_claim(std::string_view id);

/// The runs without a failure, as claims look at them.
std::vector<analysis::Measurement> measurements_of(const std::vector<MeasuredRun>& runs);

/// "H1 overhead: ...: holds if ..." folded to `width`, and the figures below it if `figures`.
std::string format_verdict(const analysis::Verdict& verdict, bool figures, size_t width);

/// {"claim", "statement", "verdict", "text", "figures": [{"what", "value", "unit"}], "limits"}.
nlohmann::ordered_json verdict_json(const analysis::Verdict& verdict);

/// `hvlab claims`: runs the scenarios of the named claims (scenarios/claims) and prints numbers and verdicts.
/// Returns the exit status. Throws UserError.
int claims_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
