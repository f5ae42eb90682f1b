#include "sim/views/layer_counters.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "sim/observe/event.hpp"
#include "sim/observe/ledger.hpp"

namespace hvlab::views {

namespace {

using Kind = LayerBox::Kind;
using observe::EventKind;
using record::Entry;
using record::LaneInfo;
using record::LaneType;
using record::TraceReader;
namespace what = record::what;

template <class Wanted>
std::vector<u16> lanes_where(const TraceReader& trace, Wanted wanted) {
  std::vector<u16> lanes;
  for (const auto& [number, lane] : trace.lanes())
    if (wanted(lane)) lanes.push_back(number);
  return lanes;
}

std::vector<u16> lanes_of(const TraceReader& trace, LaneType type) {
  return lanes_where(trace, [&](const LaneInfo& lane) { return lane.type == type; });
}

constexpr u16 count_of(EventKind kind) {
  return static_cast<u16>(what::kEvents + static_cast<unsigned>(kind));
}

bool is_time(u16 number) { return number >= what::kTime && number < what::kExits; }
bool is_exits(u16 number) { return number >= what::kExits && number < what::kExits + what::kReasons; }

double seconds(u64 picoseconds) { return static_cast<double>(picoseconds) * 1e-12; }

std::string reason_name(const TraceReader& trace, u64 number) {
  for (const auto& [code, entry] : trace.names(record::NameTable::ExitReason))
    if (entry.value == number) return entry.text;
  return "";
}

// Numbers of some lanes in a span.
struct Sums {
  u64 running = 0;  // virtual processors, or a group
  u64 exits = 0;
  std::map<u16, u64> reasons;
};

Sums sums_of(const TraceReader& trace, const std::vector<u16>& lanes, Picoseconds from, Picoseconds until,
             u64 running_state) {
  Sums sums;
  for (const Entry& entry : trace.sums(from, until, lanes)) {
    if (entry.what == what::kTime + running_state) sums.running += entry.value;
    if (entry.what == count_of(EventKind::VmExit)) sums.exits += entry.value;
    if (is_exits(entry.what)) sums.reasons[entry.what] += entry.value;
  }
  return sums;
}

void count_machine(const TraceReader& trace, const LayerBox& box, Picoseconds from, Picoseconds until,
                   double all, BoxCounters& counters) {
  const auto lanes = lanes_where(trace, [&](const LaneInfo& lane) {
    return lane.type == LaneType::Vcpu && lane.vm >= box.vm && lane.vm < box.vm + box.count;
  });
  const Sums sums = sums_of(trace, lanes, from, until, static_cast<u64>(record::VcpuState::Running));
  counters.share = seconds(sums.running) / all;
  counters.exits = static_cast<double>(sums.exits) / seconds(until - from);
  const auto most = std::ranges::max_element(sums.reasons, {}, [](const auto& each) { return each.second; });
  if (most != sums.reasons.end()) counters.reason = reason_name(trace, most->first - what::kExits);
}

void count_container(const TraceReader& trace, const LayerBox& box, Picoseconds from, Picoseconds until,
                     double all, BoxCounters& counters) {
  const auto lanes = lanes_where(
      trace, [&](const LaneInfo& lane) { return lane.type == LaneType::Group && lane.name == box.name; });
  if (box.name.empty() || lanes.empty()) return;
  counters.share =
      seconds(sums_of(trace, lanes, from, until, static_cast<u64>(record::GroupState::Running)).running) /
      all;
}

double requests_begun(const TraceReader& trace, Picoseconds from, Picoseconds until) {
  u64 begun = 0;
  for (const Entry& entry : trace.sums(from, until, lanes_of(trace, LaneType::Device)))
    if (entry.what == count_of(EventKind::RequestStart)) begun += entry.value;
  return static_cast<double>(begun) / seconds(until - from);
}

}  // namespace

std::vector<std::pair<std::string, double>> ledger_between(const TraceReader& trace, Picoseconds from,
                                                           Picoseconds until) {
  std::array<u64, observe::kAccounts> times{};
  if (from < until) {
    for (const Entry& entry : trace.sums(from, until, lanes_of(trace, LaneType::Core)))
      if (is_time(entry.what) && entry.what - what::kTime < static_cast<int>(times.size()))
        times[entry.what - what::kTime] += entry.value;
  }
  std::vector<std::pair<std::string, double>> rows;
  for (size_t i = 0; i < times.size(); ++i)
    if (times[i] != 0) rows.emplace_back(observe::name(static_cast<observe::Account>(i)), seconds(times[i]));
  return rows;
}

LayerCounters layer_counters(const LayerPicture& picture, const TraceReader& trace, Picoseconds from,
                             Picoseconds until) {
  LayerCounters counters;
  counters.boxes.resize(picture.boxes.size());
  until = std::min(until, trace.end());
  if (from >= until) return counters;
  std::map<std::string, double> times;
  double all = 0;
  for (const auto& [account, time] : ledger_between(trace, from, until)) times[account] = time, all += time;
  if (all <= 0) return counters;
  counters.world_switch = times["world-switch"] / all;
  for (size_t i = 0; i < picture.boxes.size(); ++i) {
    const LayerBox& box = picture.boxes[i];
    BoxCounters& into = counters.boxes[i];
    if (!box.accounts.empty()) {
      into.share = 0;
      for (const std::string& account : box.accounts) *into.share += times[account] / all;
    }
    if (box.kind == Kind::Machine || box.kind == Kind::ManagementMachine)
      count_machine(trace, box, from, until, all, into);
    if (box.kind == Kind::Container) count_container(trace, box, from, until, all, into);
    if (box.kind == Kind::Hardware) into.requests = requests_begun(trace, from, until);
  }
  return counters;
}

std::pair<Picoseconds, Picoseconds> window_around(const TraceReader& trace, Picoseconds at,
                                                  Picoseconds width) {
  const Picoseconds end = trace.end();
  width = std::min(width, end);
  const Picoseconds from = std::min(at > width / 2 ? at - width / 2 : 0, end - width);
  return {from, from + width};
}

Series series_between(const TraceReader& trace, Picoseconds from, Picoseconds until, u32 most) {
  Series series;
  until = std::min(until, trace.end());
  if (from >= until) return series;
  const record::SummaryLevel level = trace.summary(from, until, most);
  series.width = Picoseconds{1} << level.shift;
  const u64 begin = from >> level.shift, end = ((until - 1) >> level.shift) + 1;
  series.first = begin << level.shift;
  const size_t count = end - begin;
  std::vector<double> device_busy(count), idle(count), all(count);
  series.exits.resize(count), series.requests.resize(count), series.latency.resize(count);
  const double width = seconds(series.width);
  for (const Entry& entry : level.entries) {
    const auto lane = trace.lanes().find(entry.lane);
    const u64 bucket = level.first + entry.bucket;
    if (lane == trace.lanes().end() || bucket < begin || bucket >= end) continue;
    const size_t at = bucket - begin;
    const double value = static_cast<double>(entry.value);
    if (entry.what == count_of(EventKind::VmExit)) series.exits[at] += value / width;
    if (entry.what == count_of(EventKind::RequestDone)) series.requests[at] += value / width;
    if (!is_time(entry.what)) continue;
    const u64 state = entry.what - what::kTime;
    if (lane->second.type == LaneType::Device && state == static_cast<u64>(record::DeviceState::Busy))
      device_busy[at] += seconds(entry.value);
    if (lane->second.type != LaneType::Core) continue;
    all[at] += seconds(entry.value);
    if (state == static_cast<u64>(observe::Account::Idle)) idle[at] += seconds(entry.value);
  }
  for (size_t i = 0; i < count; ++i) {
    if (series.requests[i] > 0) series.latency[i] = device_busy[i] / (series.requests[i] * width);
    series.busy.push_back(all[i] > 0 ? 1 - idle[i] / all[i] : 0);
  }
  return series;
}

}  // namespace hvlab::views
