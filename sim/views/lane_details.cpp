#include "sim/views/lane_details.hpp"

#include <algorithm>
#include <map>

#include "sim/observe/event.hpp"
#include "sim/record/record_text.hpp"
#include "sim/views/record_search.hpp"

namespace hvlab::views {

namespace {

using observe::EventKind;
using record::Record;
using record::TraceReader;
namespace trace_kind = record::trace_kind;
namespace what = record::what;

constexpr size_t kBlocksAhead = 6;  // in which the end of a state, or an entry, is looked for
constexpr size_t kFewBlocks = 8;

// The first block that is not over before `time`: what held until then is said at its beginning.
size_t block_at(const TraceReader& trace, Picoseconds time) {
  const auto& chunks = trace.chunks();
  size_t at = 0;
  while (at + 1 < chunks.size() && chunks[at].header.latest < time) ++at;
  return at;
}

bool tells_state(const Record& record, u16 lane) {
  return record.lane == lane && record.kind == trace_kind::kState;
}

// The first record from `time` on, in the file's order, that `wanted` takes; in a few blocks.
template <class Wanted>
std::optional<Record> next_record(const TraceReader& trace, Picoseconds time, Picoseconds& looked_until,
                                  Wanted wanted) {
  const size_t first = block_at(trace, time);
  const size_t end = std::min(first + kBlocksAhead, trace.chunks().size());
  for (size_t i = first; i < end; ++i) {
    looked_until = std::max(looked_until, trace.chunks()[i].header.latest);
    for (const Record& record : *trace.kept(i))
      if (record.kind != trace_kind::kHeld && wanted(record)) return record;
  }
  return std::nullopt;
}

template <class Value>
void most_first(std::vector<std::pair<u64, Value>>& list) {
  std::ranges::stable_sort(list, std::greater<>(), &std::pair<u64, Value>::second);
}

std::map<u64, u64> reason_codes(const TraceReader& trace) {
  std::map<u64, u64> codes;  // by their number in summaries
  for (const auto& [code, entry] : trace.names(record::NameTable::ExitReason))
    codes.emplace(entry.value, code);
  return codes;
}

}  // namespace

std::optional<StateInterval> interval_at(const TraceReader& trace, u16 lane, Picoseconds time) {
  if (trace.chunks().empty()) return std::nullopt;
  const auto states = trace.states_at(time);
  const auto found = states.find(lane);
  if (found == states.end() || found->second.a == record::kStateEnded) return std::nullopt;
  StateInterval interval{.record = found->second, .until = time, .ends = false};
  const auto next = next_record(trace, time, interval.until, [&](const Record& record) {
    return tells_state(record, lane) && record.time > time;
  });
  if (next) interval.until = next->time;
  interval.ends = next.has_value();
  return interval;
}

std::vector<LaneSums> measure(const TraceReader& trace, Picoseconds from, Picoseconds until,
                              const std::vector<u16>& lanes) {
  std::vector<LaneSums> all;
  const std::map<u64, u64> codes = reason_codes(trace);
  for (const record::Entry& entry : trace.sums(from, until, lanes)) {
    if (all.empty() || all.back().lane != entry.lane) all.emplace_back().lane = entry.lane;
    LaneSums& lane = all.back();
    if (entry.what >= what::kExits) {
      const auto code = codes.find(entry.what - what::kExits);
      lane.exits.emplace_back(code == codes.end() ? 0 : code->second, entry.value);
      lane.exit_count += entry.value;
    } else if (entry.what >= what::kTime) {
      lane.states.push_back({entry.what - u64{what::kTime}, entry.value});
    } else {
      lane.events.emplace_back(entry.what, entry.value);
    }
  }
  for (LaneSums& lane : all) {
    std::ranges::stable_sort(lane.states, std::greater<>(), &StateTime::time);
    most_first(lane.exits);
    most_first(lane.events);
  }
  return all;
}

std::optional<std::vector<Record>> records_in(const TraceReader& trace, Picoseconds from, Picoseconds until,
                                              const std::vector<u16>& lanes, size_t most) {
  const auto& chunks = trace.chunks();
  if (chunks.empty() || from >= until) return std::vector<Record>();
  const size_t first = block_at(trace, from);
  std::vector<size_t> blocks;
  for (size_t i = first; i < chunks.size(); ++i) {
    if (i == first || (chunks[i].header.latest >= from && chunks[i].header.earliest < until))
      blocks.push_back(i);
    if (blocks.size() > kFewBlocks) return std::nullopt;
  }
  std::vector<Record> found;
  for (auto& [lane, state] : trace.states_at(from))
    if (state.time < from && state.a != record::kStateEnded && std::ranges::binary_search(lanes, lane))
      found.push_back(state);
  for (const size_t i : blocks) {
    for (const Record& record : *trace.kept(i)) {
      if (record.kind == trace_kind::kHeld || record.time < from || record.time >= until) continue;
      if (!std::ranges::binary_search(lanes, record.lane)) continue;
      found.push_back(record);
      if (found.size() > most) return std::nullopt;
    }
  }
  std::ranges::stable_sort(found, {}, &Record::time);
  return found;
}

std::optional<u64> handling_cycles(const TraceReader& trace, const Record& exit) {
  Picoseconds looked = 0;
  bool seen = false;  // the exit itself: records before it in the file may be later
  const auto entry = next_record(trace, exit.time, looked, [&](const Record& record) {
    seen = seen || record == exit;
    if (!seen || record.lane != exit.lane || record.time < exit.time) return false;
    return record.kind == static_cast<u8>(EventKind::VmEntry) ||
           (record.kind == trace_kind::kState && record.a == 0);
  });
  if (!entry) return std::nullopt;
  const auto span = static_cast<unsigned __int128>(entry->time - exit.time) * trace.frequency_hz();
  return static_cast<u64>((span + kSecond / 2) / kSecond);
}

std::vector<ConsoleMark> console_marks(const TraceReader& trace, size_t most) {
  record::RecordFilter filter;
  filter.kinds = {trace.name(record::NameTable::Kind, trace_kind::kMark)};
  std::vector<ConsoleMark> marks;
  if (!trace.names(record::NameTable::Kind).contains(trace_kind::kMark)) return marks;
  const RecordSearch search(trace, filter);
  for (const Record& record : search.all(most))
    marks.push_back({record.b, trace.name(record::NameTable::Mark, record.a)});
  std::ranges::stable_sort(marks, {}, &ConsoleMark::time);
  return marks;
}

}  // namespace hvlab::views
