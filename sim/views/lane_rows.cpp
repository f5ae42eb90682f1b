#include "sim/views/lane_rows.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

namespace hvlab::views {

namespace {

using record::LaneInfo;
using record::LaneType;
using record::TraceReader;
using Kind = LaneRow::Kind;

struct Busy {
  std::map<u16, u64> time;  // running or busy
  std::set<u16> with_states;
};

// From the coarsest summary. A thread's, device's and group's states are listed in docs/trace-format.md.
Busy busy_times(const TraceReader& trace) {
  Busy busy;
  for (const record::Entry& entry : trace.levels().back().entries) {
    if (entry.what < record::what::kTime || entry.what >= record::what::kExits) continue;
    busy.with_states.insert(entry.lane);
    const u64 state = entry.what - record::what::kTime;
    const auto lane = trace.lanes().find(entry.lane);
    if (lane == trace.lanes().end()) continue;
    const bool thread = lane->second.type == LaneType::Thread;
    if (thread ? state == 0 : state != 0) busy.time[entry.lane] += entry.value;
  }
  return busy;
}

// "name 12/15": 12; "name 12": 12.
unsigned process_of(const std::string& thread) {
  const size_t space = thread.rfind(' ');
  unsigned id = 0;
  if (space != std::string::npos)
    std::from_chars(thread.data() + space + 1, thread.data() + thread.size(), id);
  return id;
}

// What is before its numbers.
std::string process_name(const std::string& thread) { return thread.substr(0, thread.rfind(' ')); }

class Rows {
 public:
  Rows(const TraceReader& trace, const RowChoice& choice)
      : trace_(trace), choice_(choice), busy_(busy_times(trace)) {}

  std::vector<LaneRow> all() {
    section(Kind::Processors, 0, "processors", of_type(LaneType::Core));
    machines();
    groups();
    processes();
    devices();
    return std::move(rows_);
  }

 private:
  std::vector<u16> of_type(LaneType type) const {
    std::vector<u16> lanes;
    for (const auto& [lane, info] : trace_.lanes()) {
      if (info.type == type && (!choice_.only || choice_.only->contains(lane))) lanes.push_back(lane);
    }
    std::ranges::stable_sort(lanes, {}, [&](u16 lane) {
      const LaneInfo& info = trace_.lanes().at(lane);
      return type == LaneType::Thread ? std::pair(0U, 0U) : std::pair(info.vm, info.number);
    });
    return lanes;
  }

  u64 busy(u16 lane) const {
    const auto found = busy_.time.find(lane);
    return found == busy_.time.end() ? 0 : found->second;
  }
  u64 busy(const std::vector<u16>& lanes) const {
    return std::accumulate(lanes.begin(), lanes.end(), u64{0},
                           [&](u64 sum, u16 lane) { return sum + busy(lane); });
  }

  void lane(u16 lane, unsigned depth) {
    rows_.push_back({.kind = Kind::Lane,
                     .number = trace_.lanes().at(lane).number,
                     .depth = depth,
                     .name = trace_.lanes().at(lane).name,
                     .key = "",
                     .lanes = {lane}});
  }

  // True if it is open.
  bool heading(Kind kind, unsigned number, unsigned depth, const std::string& key, std::vector<u16> lanes,
               const std::string& name = "", bool folded_at_first = false) {
    const bool folded = folded_at_first != choice_.toggled.contains(key);
    std::ranges::sort(lanes);
    rows_.push_back({kind, number, depth, name, key, std::move(lanes), folded});
    return !folded;
  }

  void section(Kind kind, unsigned number, const std::string& key, const std::vector<u16>& lanes,
               bool folded_at_first = false) {
    if (lanes.empty() || !heading(kind, number, 0, key, lanes, "", folded_at_first)) return;
    for (const u16 one : lanes) lane(one, 1);
  }

  void machines() {
    std::map<unsigned, std::vector<u16>> machines;
    for (const u16 lane : of_type(LaneType::Vcpu)) machines[trace_.lanes().at(lane).vm].push_back(lane);
    for (const auto& [number, lanes] : machines)
      section(Kind::Machine, number, "vm " + std::to_string(number), lanes);
  }

  // A thread's `vm` counts the groups in the order in which they are named, which is that of their lanes.
  void groups() {
    std::vector<u16> all;
    for (const auto& [lane, info] : trace_.lanes())
      if (info.type == LaneType::Group) all.push_back(lane);
    for (size_t i = 0; i < all.size(); ++i) {
      std::vector<u16> threads;
      for (const u16 lane : of_type(LaneType::Thread))
        if (trace_.lanes().at(lane).vm == i + 1) threads.push_back(lane);
      const bool chosen = !choice_.only || choice_.only->contains(all[i]);
      if (!chosen && threads.empty()) continue;
      const std::string& name = trace_.lanes().at(all[i]).name;
      if (heading(Kind::Group, 0, 0, name, {all[i]}, name)) threads_of(threads, 1);
    }
  }

  // The busiest process first; one of several threads has a heading.
  void threads_of(const std::vector<u16>& threads, unsigned depth) {
    std::map<unsigned, std::vector<u16>> by_process;
    for (const u16 thread : threads) by_process[process_of(trace_.lanes().at(thread).name)].push_back(thread);
    std::vector<std::pair<unsigned, std::vector<u16>>> processes(by_process.begin(), by_process.end());
    std::ranges::stable_sort(processes, std::greater<>(),
                             [&](const auto& process) { return busy(process.second); });
    for (const auto& [id, lanes] : processes) {
      const std::string name = process_name(trace_.lanes().at(lanes.front()).name);
      if (lanes.size() == 1)
        lane(lanes.front(), depth);
      else if (heading(Kind::Process, id, depth, "process " + std::to_string(id), lanes, name, true))
        for (const u16 thread : lanes) lane(thread, depth + 1);
    }
  }

  void processes() {
    std::vector<u16> threads = of_type(LaneType::Thread);
    std::erase_if(threads, [&](u16 lane) { return trace_.lanes().at(lane).vm != 0; });
    if (!threads.empty() && heading(Kind::Processes, 0, 0, "processes", threads, "", true))
      threads_of(threads, 1);
  }

  void devices() {
    std::vector<u16> with_requests, others;
    for (const u16 lane : of_type(LaneType::Device))
      (busy_.with_states.contains(lane) ? with_requests : others).push_back(lane);
    section(Kind::Devices, 0, "devices", with_requests);
    section(Kind::OtherDevices, 0, "other-devices", others, true);
  }

  const TraceReader& trace_;
  const RowChoice& choice_;
  Busy busy_;
  std::vector<LaneRow> rows_;
};

}  // namespace

std::vector<LaneRow> lane_rows(const TraceReader& trace, const RowChoice& choice) {
  return Rows(trace, choice).all();
}

}  // namespace hvlab::views
