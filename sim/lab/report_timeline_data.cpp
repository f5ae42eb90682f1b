#include "sim/lab/report_timeline_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

namespace hvlab::lab {

namespace {

using record::Entry;
using record::LaneType;

bool is_state(u16 what) { return what >= record::what::kTime && what < record::what::kExits; }
bool is_exit(u16 what) {
  return what >= record::what::kExits && what < record::what::kExits + record::what::kReasons;
}

bool rests(const std::string& state) {
  static const std::array kRests = {"idle", "halted", "sleeping"};
  return std::ranges::any_of(kRests, [&](const char* name) { return state == name; });
}

/// The numbers of one lane.
struct LaneTimes {
  std::map<u64, std::vector<u64>> states;  // picoseconds by column
  std::vector<u32> exits;
};

LaneTimes times_of(const std::vector<Entry>& entries, u16 lane, u64 first, size_t columns) {
  LaneTimes times;
  for (const Entry& entry : entries) {
    const u64 column = first + entry.bucket;
    if (entry.lane != lane || column >= columns) continue;
    if (is_state(entry.what)) {
      std::vector<u64>& state = times.states[entry.what - record::what::kTime];
      state.resize(columns);
      state[column] += entry.value;
    } else if (is_exit(entry.what)) {
      times.exits.resize(columns);
      times.exits[column] += static_cast<u32>(entry.value);
    }
  }
  return times;
}

/// Picoseconds as parts of a column's height. Where a state ends is rounded, not how high it is, so that what
/// stands upon each other fits.
void fill_parts(std::vector<TimelineState>& states, const std::vector<std::vector<u64>>& times,
                unsigned shift) {
  const double width = static_cast<double>(u64{1} << shift);
  for (size_t column = 0; !times.empty() && column < times.front().size(); ++column) {
    u64 below = 0;
    unsigned bottom = 0;
    for (size_t i = 0; i < states.size(); ++i) {
      below += times[i][column];
      const double part = std::min(1.0, static_cast<double>(below) / width);
      const auto top = static_cast<unsigned>(std::lround(part * kColumnParts));
      states[i].parts[column] = static_cast<u8>(top - bottom);
      bottom = top;
    }
  }
}

std::string shares_of(const std::vector<TimelineState>& states, const std::vector<std::vector<u64>>& times) {
  std::vector<double> sums;
  double all = 0;
  for (const std::vector<u64>& each : times) {
    double sum = 0;
    for (const u64 time : each) sum += static_cast<double>(time);
    sums.push_back(sum);
    all += sum;
  }
  std::string text;
  for (size_t i = 0; i < states.size() && all > 0; ++i)
    text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : ", ", states[i].name, 100 * sums[i] / all);
  return text;
}

/// Processors first, then what runs on them.
unsigned place_of(LaneType type) {
  switch (type) {
    case LaneType::Core: return 0;
    case LaneType::Group: return 1;
    case LaneType::Vcpu: return 2;
    default: return 3;
  }
}

TimelineLane lane_of(const record::TraceReader& trace, u16 number, const LaneTimes& times, unsigned shift,
                     size_t columns) {
  const record::LaneInfo& info = trace.lanes().at(number);
  TimelineLane lane;
  lane.name = info.name;
  lane.type = info.type;
  lane.exits = times.exits;
  std::vector<std::vector<u64>> picoseconds;
  for (const bool resting : {false, true}) {
    for (const auto& [state, by_column] : times.states) {
      const std::string name = trace.state_name(number, state);
      if (state == record::kStateEnded || rests(name) != resting) continue;
      lane.states.push_back({name, std::vector<u8>(columns)});
      picoseconds.push_back(by_column);
    }
  }
  fill_parts(lane.states, picoseconds, shift);
  lane.shares = shares_of(lane.states, picoseconds);
  return lane;
}

}  // namespace

std::string lettered_lengths(const std::vector<unsigned>& numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[i]) ++end;
    text += static_cast<char>('a' + numbers[i]);
    if (end - i > 1) text += std::to_string(end - i);
    i = end;
  }
  return text;
}

unsigned shift_for(Picoseconds end, size_t columns) {
  unsigned shift = 0;
  while (shift < 62 && (end >> shift) >= columns) ++shift;
  return shift;
}

TimelineColumns timeline_columns(const record::TraceReader& trace, unsigned shift) {
  TimelineColumns all;
  all.shift = shift;
  all.columns = static_cast<size_t>(trace.end() >> shift) + 1;
  std::vector<u16> numbers;
  for (const auto& [number, info] : trace.lanes()) {
    if (info.type != LaneType::Thread && numbers.size() < 4 * kMostTimelineLanes)
      numbers.push_back(number);
    else
      ++all.left_out;
  }
  std::ranges::stable_sort(numbers, {}, [&](u16 number) {
    const record::LaneInfo& info = trace.lanes().at(number);
    return std::tuple(place_of(info.type), info.vm, info.number);
  });
  std::vector<u16> ascending = numbers;
  std::ranges::sort(ascending);
  const record::SummaryLevel level = trace.buckets(0, trace.end() + 1, shift, ascending);
  for (const u16 number : numbers) {
    const LaneTimes times = times_of(level.entries, number, level.first, all.columns);
    if (times.states.empty() && times.exits.empty()) continue;
    if (all.lanes.size() < kMostTimelineLanes)
      all.lanes.push_back(lane_of(trace, number, times, shift, all.columns));
    else
      ++all.left_out;
  }
  return all;
}

}  // namespace hvlab::lab
