#include "sim/lab/difference_evidence.hpp"

#include <algorithm>
#include <map>

#include "sim/observe/exit.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view kHalt = "hlt";  // the class, of either vendor

using Times = std::map<std::string, double>;

/// Renames what belongs to the system that the workload runs in.
Times as_own(const Times& times) {
  const auto of = [&](const char* name) { return times.contains(name) ? times.at(name) : 0.0; };
  const bool guest = of("guest-user") + of("guest-kernel") > 0;
  const std::string user = guest ? "guest-user" : "host-user",
                    kernel = guest ? "guest-kernel" : "host-kernel";
  Times own;
  for (const auto& [name, time] : times) {
    const char* renamed = name == user ? kOwnUser : name == kernel ? kOwnKernel : name.c_str();
    own[renamed] += time;
  }
  return own;
}

std::vector<Part> difference(const Times& run, const Times& base) {
  Times extra = as_own(run);
  for (const auto& [name, time] : as_own(base)) extra[name] -= time;
  std::vector<Part> parts;
  for (const auto& [name, time] : extra) {
    if (time != 0) parts.push_back({name, time});
  }
  std::ranges::stable_sort(parts, std::ranges::greater(), &Part::extra);
  return parts;
}

double seconds_per_cycle(const RunWindow& window, unsigned processors) {
  return window.cycles == 0 ? 0 : window.seconds * processors / static_cast<double>(window.cycles);
}

Times account_times(const RunWindow& window, unsigned processors) {
  Times times;
  const double each = seconds_per_cycle(window, processors);
  for (const auto& [account, cycles] : window.ledger) {
    if (cycles != 0) times[account] = each * static_cast<double>(cycles);
  }
  return times;
}

double requests_of(const Json& group) { return std::max(1.0, group.at("requests").get<double>()); }

Times place_times(const Json& group) {
  Times times;
  for (const Json& hop : group.at("hops"))
    times[hop.at("where").get<std::string>()] +=
        hop.at("picoseconds").get<double>() * 1e-12 / requests_of(group);
  return times;
}

}  // namespace

std::vector<Part> account_parts(const RunWindow& run, const RunWindow& base, unsigned processors) {
  if (run.cycles == 0 || base.cycles == 0) return {};
  return difference(account_times(run, processors), account_times(base, processors));
}

std::vector<Part> request_parts(const Json& run, const Json& base) {
  return difference(place_times(run), place_times(base));
}

std::optional<ExitEvidence> exit_evidence(const RunWindow& window, unsigned processors) {
  ExitEvidence evidence;
  double most = 0, handled = 0, cycles = 0;
  for (const ExitSum& sum : window.exits) {
    const double exits = static_cast<double>(sum.exits);
    evidence.exits += exits;
    if (exits > most) most = exits, evidence.reason = sum.reason;
    if (observe::class_of_label(sum.reason) == kHalt) {
      evidence.halts = evidence.halts || sum.exits != 0;
      continue;
    }
    handled += static_cast<double>(sum.handled);
    cycles += static_cast<double>(sum.cycles);
  }
  if (evidence.exits == 0) return std::nullopt;
  evidence.reason_share = most / evidence.exits;
  if (window.seconds > 0) evidence.per_second = evidence.exits / window.seconds;
  if (handled > 0) evidence.seconds_each = cycles / handled * seconds_per_cycle(window, processors);
  if (window.cycles != 0) evidence.share_of_time = cycles / static_cast<double>(window.cycles);
  return evidence;
}

const RunWindow* phase_window(const MeasuredRun& run, const std::string& phase) {
  if (run.phases.size() != run.log.phases.size()) return nullptr;
  const auto found = std::ranges::find(run.log.phases, phase, &PhaseResult::name);
  return found == run.log.phases.end() ? nullptr : &run.phases[found - run.log.phases.begin()];
}

double request_seconds(const Json& group) {
  return group.at("picoseconds").get<double>() * 1e-12 / requests_of(group);
}

double request_exits(const Json& group) {
  double exits = 0;
  for (const auto& [reason, count] : group.at("exits").items()) exits += count.get<double>();
  return exits / requests_of(group);
}

std::optional<double> request_copied(const Json& group) {
  const double known = group.value("copies_known", 0.0);
  if (known <= 0) return std::nullopt;
  return group.value("copied", 0.0) / known;
}

}  // namespace hvlab::lab
