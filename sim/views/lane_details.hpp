// What exactly is at a place of a timeline, from the trace's records: for hovering, labels, and the deepest
// zoom.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/record/trace_reader.hpp"
#include "sim/views/lane_pictures.hpp"

namespace hvlab::views {

/// A state of a lane, from its record to the next.
struct StateInterval {
  record::Record record;  // its beginning: time, state, processor, system call
  Picoseconds until = 0;
  bool ends = true;  // false: it goes on at least until then
};

/// What holds on `lane` at `time`; nothing if nothing is known then. Looks for its end in the block of
/// records and a few behind. Throws UserError.
std::optional<StateInterval> interval_at(const record::TraceReader& trace, u16 lane, Picoseconds time);

/// What one lane did in a span.
struct LaneSums {
  u16 lane = 0;
  std::vector<StateTime> states;            // longest first
  std::vector<std::pair<u64, u64>> exits;   // code and number of them, most frequent first
  std::vector<std::pair<u64, u64>> events;  // kind and number of them, most frequent first
  u64 exit_count = 0;
};

/// What `lanes` (ascending) did in [from, until), exactly (TraceReader::sums); those that did nothing are
/// left out. Throws UserError.
std::vector<LaneSums> measure(const record::TraceReader& trace, Picoseconds from, Picoseconds until,
                              const std::vector<u16>& lanes);

/// The records of `lanes` in [from, until), in order of time, states that hold at `from` first: nothing if
/// they are more than `most`, or in more than a few blocks.
std::optional<std::vector<record::Record>> records_in(const record::TraceReader& trace, Picoseconds from,
                                                      Picoseconds until, const std::vector<u16>& lanes,
                                                      size_t most);

/// The cycles that the host took for the exit `exit` (kind `vm-exit`): from it to the next entry of that
/// virtual processor; nothing if that is not near. At level `summary`, where entries are not recorded, until
/// it runs.
std::optional<u64> handling_cycles(const record::TraceReader& trace, const record::Record& exit);

/// A line of the guest's software on its console, and when it was begun.
struct ConsoleMark {
  Picoseconds time = 0;
  std::string text;
};

/// All of a run, in order of time; at most so many. Reads only the blocks in which there are some.
std::vector<ConsoleMark> console_marks(const record::TraceReader& trace, size_t most = 4096);

}  // namespace hvlab::views
