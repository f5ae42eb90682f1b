// What the workload program says on the console: its lines, found among everything else that is printed
// there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/analysis/measurement.hpp"
#include "sim/base/types.hpp"

namespace hvlab::lab {

struct PhaseResult {
  std::string name;
  u64 hash = 0;
  u64 nanoseconds = 0;
  u64 steps = 0, bytes = 0;  // what it did: one of them, or neither if it does not say

  bool operator==(const PhaseResult&) const = default;
};

struct WorkloadLog {
  std::string size;           // "full" or "quick"; empty if the workload never started
  unsigned processors = 0;    // those that the workload saw
  u64 start_nanoseconds = 0;  // since the start of the kernel that it runs on
  std::vector<PhaseResult> phases;
  std::vector<analysis::Move> moves;
  u64 memory = 0;  // bytes that the instance needed at most, as its host's control group counted; 0: not said
  u64 given = 0;   // bytes of memory that it was given in full before it began; 0: as it touched them
  bool again = false;  // it ran before on the same system: all is warm
  bool done = false;   // the line that says so was printed
};

/// Reads "HVLAB moved instance=K status=completed total=Nms downtime=Nms bytes=NKiB rounds=N" for the
/// instance, "HVLAB start size=NAME processors=N at=NS", "HVLAB phase=NAME hash=HEX ns=N", perhaps with
/// count=N or bytes=N, and "HVLAB done" out of
/// a console's text. Lines may end in CR LF and may have other text before them; a damaged line is passed
/// over.
WorkloadLog parse_workload_log(std::string_view console);

/// The logs of all instances, at least one: lines "HVLAB instance=K ..." belong to instance K, those without
/// a number to the first.
std::vector<WorkloadLog> parse_workload_logs(std::string_view console);

/// Which phases have to be alike: all of the first log's, or those that both logs have.
enum class Phases { All, Common };

/// Where the phases of `log` are other than those of `first`, by name and hash: "phase cpu: HEX, not HEX", or
/// "phase cpu is missing"; empty if nowhere. Of all phases, two logs without one are unlike: nothing was
/// computed.
std::string compare_phases(const WorkloadLog& first, const WorkloadLog& log, Phases which = Phases::All);

/// The last `count` lines that are not empty, each on a line of its own below the message about a run that
/// failed.
std::string last_lines(std::string_view text, size_t count);

}  // namespace hvlab::lab
