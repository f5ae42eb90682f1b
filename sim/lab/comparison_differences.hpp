// What differs between runs of one workload, the weightiest first, each with what it is made of.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/lab/difference_evidence.hpp"
#include "sim/lab/measured_run.hpp"

namespace hvlab::lab {

/// One number in which a run differs from what it is compared with.
struct Difference {
  enum class What : u8 {
    Workload,  // seconds of all phases
    Phase,     // seconds of one
    Start,     // seconds from power-on to the workload's start
    Memory,    // bytes that an instance needs
    Exits,     // of virtual machines, a second of the time in phases
    Request,   // seconds of one, in the mean
    Copied,    // bytes that processors copy for one, in the mean
  };
  What what = What::Workload;
  std::string subject;  // the phase, or the request's operation; else empty
  const MeasuredRun* run = nullptr;
  const MeasuredRun* base = nullptr;
  double value = 0, reference = 0;  // of run, of base
  double share = 0;                 // of the whole that this is a part of, 0 .. 1: see weight()

  // The evidence, as far as there is any.
  std::vector<Part> phases;  // of Workload: seconds by phase
  std::vector<Part> parts;   // seconds by account (all processors'), by place, or by part of the start
  double window_extra = 0;   // what `parts` sum up to, over the number of processors
  std::optional<ExitEvidence> exits, base_exits;
  double request_exits = 0, base_request_exits = 0;  // of Request
  double request_bytes = 0;                          // of Copied: how long one is
  bool side_by_side =
      false;  // the runs have different numbers of instances, so that ledgers say nothing of one
};

/// "phase.time", as metrics are called; "s", "bytes", "1/s".
const char* name(Difference::What what);
const char* unit(Difference::What what);

/// The ratio of the value to the reference; nothing if the reference is 0.
std::optional<double> ratio(const Difference& difference);

/// How much a difference matters: the logarithm of its ratio (of at most kMostRatio, so that what only one
/// run has does not go before everything), times the share of the whole. That is, for times in phases the
/// part of all phases; for requests that of the time in phases which they took; for the start that of start
/// and phases; for memory that of the machine's; for exits that of the processors' time until guests ran
/// again.
double weight(const Difference& difference);
inline constexpr double kMostRatio = 16;

/// Each run against the first listed with as many processors (baseline()), by falling weight; those of less
/// than a twentieth, or of a thousandth of the whole, are left out. Memory is compared with the first run
/// that counts it. Runs that failed, and further numbers of instances of one way, are passed over. The
/// pointers are into `runs`.
std::vector<Difference> differences(const std::vector<MeasuredRun>& runs);

/// [{"what", "subject", "run", "baseline", "processors", "value", "reference", "unit", "ratio", "weight",
/// "why": {"en", "ja"}, "explain": [names]}]
nlohmann::ordered_json differences_json(const std::vector<MeasuredRun>& runs);

/// The weightiest few of each kind with their sentences, each phase and request once; empty if there are
/// none.
std::string differences_text(const std::vector<MeasuredRun>& runs, size_t width);

}  // namespace hvlab::lab
