// The run directory: what its files are called, and what run.json says of its state. docs/run-directory.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::record {

using Json = nlohmann::ordered_json;

inline constexpr const char* kRunFile = "run.json";
inline constexpr const char* kGivenFile = "scenario.yaml";
inline constexpr const char* kResolvedFile = "resolved.json";
inline constexpr const char* kStatsFile = "stats.json";
inline constexpr const char* kStatsTable = "stats.csv";
inline constexpr const char* kTraceFile = "trace.hvt";
inline constexpr const char* kClusterFile = "cluster.hvc";
inline constexpr const char* kRequestsFile = "io.jsonl";
inline constexpr const char* kJunitFile = "junit.xml";
inline constexpr const char* kConsoleFolder = "console";
inline constexpr const char* kRunsFolder = "runs";
inline constexpr const char* kLatest = "latest";

inline constexpr const char* kRunSchema = "hvlab.run/1";

/// How far a run has come. Killed is never written: it is what a reader makes of a run that says it is
/// running when nobody runs it.
enum class RunState : u8 { Running, Complete, Partial, Killed };
const char* name(RunState state);

/// There is no run, or not what was asked of it: exit status 6.
class RunMissing : public UserError {
 public:
  using UserError::UserError;
};

/// What tells a process from all others that this and other hosts have had: host, boot, process, start.
Json process_identity();
/// False if the process of that identity is known to have ended.
bool may_be_running(const Json& identity);

/// The host as run.json describes it.
Json host_facts();

/// "2026-11-22T14:05:32Z", the host's clock.
std::string utc_now();

/// The numbers of a document by their paths, see flat_csv().
std::vector<std::pair<std::string, Json>> flat_numbers(const Json& document);

/// The numbers of a document as lines "metric,value", the path of each joined by dots ("ledger.idle,123"). An
/// element of a list is named by what tells it from others (name, vm, vcpu, reason, a class that the reason
/// does not say), else by its number.
std::string flat_csv(const Json& document);

}  // namespace hvlab::record
