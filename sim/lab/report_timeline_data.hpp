// What lanes did, in columns of equal time: what the report's timeline draws, and what its script zooms into.
#pragma once

#include <string>
#include <vector>

#include "sim/record/trace_reader.hpp"

namespace hvlab::lab {

/// Heights of a column are counted in so many parts.
inline constexpr unsigned kColumnParts = 16;

/// A state of a lane: how high it stands in each column.
struct TimelineState {
  std::string name;
  std::vector<u8> parts;  // 0 to kColumnParts; of all states of a lane together no more
};

struct TimelineLane {
  std::string name;
  record::LaneType type = record::LaneType::Core;
  std::vector<TimelineState> states;  // those that come to anything; what rests stands last
  std::vector<u32> exits;             // of a virtual processor in each column; empty: none
  std::string shares;                 // "guest-user 12.3 %, idle 4.5 %", exactly, of the time it was seen
};

struct TimelineColumns {
  unsigned shift = 0;  // a column is 2^shift ps wide; the first begins at 0
  size_t columns = 0;
  std::vector<TimelineLane> lanes;
  size_t left_out = 0;  // threads, and lanes beyond the most that are shown
};

/// The least shift with which `end` lies in at most `columns` columns.
unsigned shift_for(Picoseconds end, size_t columns);

/// Processors, virtual processors, devices and containers that were seen, at most kMostLanes of them. Throws
/// UserError if the trace is damaged there.
inline constexpr size_t kMostTimelineLanes = 24;
TimelineColumns timeline_columns(const record::TraceReader& trace, unsigned shift);

/// Numbers as text, the same in a row told once: "0x12,3,16x400".
template <class Number>
std::string run_lengths(const std::vector<Number>& numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[i]) ++end;
    if (!text.empty()) text += ',';
    text += std::to_string(numbers[i]);
    if (end - i > 1) text += 'x' + std::to_string(end - i);
    i = end;
  }
  return text;
}

/// Numbers up to kColumnParts as letters from 'a', the same in a row told once: "a12dq400".
std::string lettered_lengths(const std::vector<unsigned>& numbers);

}  // namespace hvlab::lab
