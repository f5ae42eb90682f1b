// Records of a trace in words, and which of them one wants to see.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "sim/record/trace_reader.hpp"

namespace hvlab::record {

/// "1.234567890123": picoseconds as seconds.
std::string seconds_text(Picoseconds time);

/// The system call that the thread of a state's record is in: "futex"; else empty.
std::string call_text(const TraceReader& trace, const Record& record);

/// The state that a record of a state tells: "hypervisor", "running", of a thread "sleeping in futex".
std::string state_text(const TraceReader& trace, const Record& record);

/// What is said of the record beyond time, lane and kind: "npf, info 100000014", "hypervisor", ...
std::string detail_text(const TraceReader& trace, const Record& record);

/// "do_idle+0x12" for a record of the machine's own system whose RIP the trace has a name for; else empty.
std::string symbol_text(const TraceReader& trace, const Record& record);

/// One line: time in seconds, processor, lane, kind, detail, and the RIP if there is one.
std::string record_text(const TraceReader& trace, const Record& record);

/// Conditions that all have to hold; each is a set of which one has to. Empty sets allow everything.
struct RecordFilter {
  std::set<std::string> kinds, lanes, reasons;
  std::set<unsigned> cores;
  Picoseconds from = 0, until = kNever;

  /// Adds "kind=NAME,NAME", "lane=NAME", "core=N" or "reason=NAME". Throws UserError.
  void add(const std::string& condition);
};

/// A filter made ready for one trace. Throws UserError if the trace knows a kind, lane or reason by no such
/// name.
class RecordChoice {
 public:
  RecordChoice(const TraceReader& trace, const RecordFilter& filter);
  bool operator()(const Record& record) const;

 private:
  std::optional<std::set<u64>> kinds_, lanes_, reasons_;
  std::set<unsigned> cores_;
};

}  // namespace hvlab::record
