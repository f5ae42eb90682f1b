// What a live run has recorded but not yet put into its trace's file, as `tail` of docs/live.md tells it.
#pragma once

#include <optional>
#include <vector>

#include "sim/record/run_files.hpp"
#include "sim/record/trace_codec.hpp"

namespace hvlab::record {

/// No run's time is later: 53 days.
inline constexpr Picoseconds kLongestTime = Picoseconds{1} << 62;

struct TraceTail {
  u64 written = 0;              // records that are in the file before these
  std::vector<Record> records;  // begins with the states held, as a block does
  std::vector<NameEntry> names;
  Picoseconds until = 0;  // up to where what the records leave holds; 0: the last one's time
};

/// Reads the answer to `tail`; nothing if it is none: something is missing, of another type or out of range.
std::optional<TraceTail> trace_tail_of(const Json& answer);

}  // namespace hvlab::record
