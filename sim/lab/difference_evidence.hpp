// What a difference between two runs is made of, from what both measured: processor time by account, a
// request's time by place, exits. No words: see difference_words.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/lab/measured_run.hpp"

namespace hvlab::lab {

/// Seconds by which one run has more of something than the other; less if negative.
struct Part {
  std::string name;
  double extra = 0;
};

/// What is beneath the workload in one run may be the workload's own in another: a machine's kernel carries
/// programs on bare metal, and virtual machines where it is a host. So accounts and places are compared under
/// these names: those of the system that the workload runs in, wherever that runs. All others keep their own.
inline constexpr const char* kOwnUser = "own-user";
inline constexpr const char* kOwnKernel = "own-kernel";

/// Processor time (all processors', idle too) that a window of `run` has more of than one of `base`, by
/// account, the largest gain first, the largest loss last; the sum is `processors` times what it is longer.
/// Empty if one of them has no ledger.
std::vector<Part> account_parts(const RunWindow& run, const RunWindow& base, unsigned processors);

/// Mean time of a request that one has more of, by place ("hypervisor", "medium", ...); ordered alike. Groups
/// are elements of MeasuredRun::io.
std::vector<Part> request_parts(const nlohmann::ordered_json& run, const nlohmann::ordered_json& base);

/// The exits of a window.
struct ExitEvidence {
  double exits = 0;          // of all virtual processors
  double per_second = 0;     // of the window's time
  std::string reason;        // the most frequent
  double reason_share = 0;   // 0 .. 1
  double seconds_each = 0;   // until the guest ran again, halts left out: these are waiting. 0: none of them
  double share_of_time = 0;  // of the processors' time, halts left out; 0 .. 1
  bool halts = false;        // whether some were left out
};
/// Nothing if there were none.
std::optional<ExitEvidence> exit_evidence(const RunWindow& window, unsigned processors);

/// The window in which `phase` ran; null if the run has none (several instances ran side by side, or it was
/// not measured).
const RunWindow* phase_window(const MeasuredRun& run, const std::string& phase);

/// Mean seconds, exits and copied bytes of a request; copied bytes are nothing if they are not known.
double request_seconds(const nlohmann::ordered_json& group);
double request_exits(const nlohmann::ordered_json& group);
std::optional<double> request_copied(const nlohmann::ordered_json& group);

}  // namespace hvlab::lab
