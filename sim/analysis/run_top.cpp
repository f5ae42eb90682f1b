#include "sim/analysis/run_top.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/observe/event.hpp"
#include "sim/record/record_text.hpp"

namespace hvlab::analysis {

using observe::EventKind;
using observe::ThreadState;
using record::LaneType;
using record::NameTable;
using record::Record;
using record::TraceReader;

namespace {

struct Lane {
  std::map<u64, Picoseconds> times;  // by state
  std::map<u64, u64> exits;          // by code
  u64 requests = 0;
};

// A lane's state from `r` to `until`, as far as it lies in the window.
void charge(std::map<u16, Lane>& lanes, const Record& r, Picoseconds from, Picoseconds until) {
  const Picoseconds begin = std::max(r.time, from);
  if (begin < until && r.a != record::kStateEnded) lanes[r.lane].times[r.a] += until - begin;
}

std::map<u16, Lane> watch(const TraceReader& trace, Picoseconds from, Picoseconds until) {
  std::map<u16, Lane> lanes;
  std::map<u16, Record> open = trace.states_at(from);
  trace.each(from, until, [&](const Record& r) {
    if (r.kind == record::trace_kind::kState) {
      if (const auto held = open.find(r.lane); held != open.end()) charge(lanes, held->second, from, r.time);
      open[r.lane] = r;
    } else if (r.kind == static_cast<u8>(EventKind::VmExit)) {
      ++lanes[r.lane].exits[r.a];
    } else if (r.kind == static_cast<u8>(EventKind::RequestStart)) {
      ++lanes[r.lane].requests;
    }
    return true;
  });
  for (const auto& [lane, held] : open) charge(lanes, held, from, std::min(until, trace.end()));
  return lanes;
}

// Of a system's threads and groups most sleep; those that do are left out.
bool is_up(const record::LaneInfo& info, u64 state) {
  if (info.type == LaneType::Thread)
    return state == static_cast<u64>(ThreadState::Running) || state == static_cast<u64>(ThreadState::Ready) ||
           state == static_cast<u64>(ThreadState::Blocked);
  return info.type != LaneType::Group || state != static_cast<u64>(record::GroupState::Idle);
}

Table states(const TraceReader& trace, Picoseconds at) {
  Table table{.key = "states",
              .title = "At " + record::seconds_text(at) + " s",
              .columns = {{"lane", "lane"}, {"state", "state"}, {"core", "core"}, {"since", "since (s)"}},
              .rows = {}};
  const std::map<u16, Record> now = trace.states_at(at);
  for (const auto& [lane, info] : trace.lanes()) {
    const auto held = now.find(lane);
    if (held == now.end() || held->second.a == record::kStateEnded || !is_up(info, held->second.a)) continue;
    const bool moves = info.type == LaneType::Vcpu || info.type == LaneType::Thread;
    table.rows.push_back({info.name, state_text(trace, held->second),
                          moves ? std::to_string(held->second.core) : "",
                          record::seconds_text(held->second.time)});
  }
  return table;
}

}  // namespace

std::vector<Table> run_top(const TraceReader& trace, Picoseconds at, Picoseconds window) {
  const Picoseconds from = at - std::min(at, window / 2), until = from + window;
  const std::map<u16, Lane> lanes = watch(trace, from, until);
  const std::string span =
      fmt::format("From {} s to {} s: ", record::seconds_text(from), record::seconds_text(until));
  Table shares{.key = "shares",
               .title = span + "time by state",
               .columns = {{"lane", "lane"}, {"state", "state"}, {"microseconds", "us", 3}, {"percent", "%"}},
               .rows = {}};
  Table exits{.key = "exits",
              .title = span + "exits",
              .columns = {{"lane", "lane"}, {"reason", "reason"}, {"exits", "exits"}},
              .rows = {}};
  Table requests{.key = "requests",
                 .title = span + "requests begun",
                 .columns = {{"lane", "lane"}, {"requests", "requests"}},
                 .rows = {}};
  for (const auto& [number, lane] : lanes) {
    const std::string name = trace.name(NameTable::Lane, number);
    const auto info = trace.lanes().find(number);
    const bool up = info == trace.lanes().end() || std::ranges::any_of(lane.times, [&](const auto& time) {
                      return is_up(info->second, time.first);
                    });
    if (!up) continue;
    Picoseconds sum = 0;
    for (const auto& [state, time] : lane.times) sum += time;
    for (const auto& [state, time] : lane.times)
      shares.rows.push_back({name, trace.state_name(number, state),
                             static_cast<double>(time) / static_cast<double>(kMicrosecond),
                             percent(time, sum)});
    for (const auto& [code, count] : lane.exits)
      exits.rows.push_back({name, trace.name(NameTable::ExitReason, code), count});
    if (lane.requests != 0) requests.rows.push_back({name, lane.requests});
  }
  return {states(trace, at), shares, exits, requests};
}

}  // namespace hvlab::analysis
