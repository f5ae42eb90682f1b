#include "sim/record/thread_lanes.hpp"

#include <algorithm>

namespace hvlab::record {

using observe::ThreadState;

std::string lane_name(const observe::ThreadName& thread) {
  std::string text = thread.name + " " + std::to_string(thread.tgid);
  if (thread.pid != thread.tgid) text += "/" + std::to_string(thread.pid);
  return text;
}

std::string lane_name(const observe::GroupName& group) {
  const std::string path = group.path.empty() ? std::to_string(group.id) : group.path;
  return (group.container ? "container " : "group ") + path;
}

ThreadLanes::Lane& ThreadLanes::lane_at(std::vector<Lane>& lanes, size_t index) {
  if (index >= lanes.size()) lanes.resize(index + 1);
  Lane& lane = lanes[index];
  if (!lane.given) lane.number = next_lane_();
  lane.given = true;
  return lane;
}

void ThreadLanes::name(Lane& lane, LaneType type, unsigned group, unsigned number, std::string text) {
  if (lane.number == kNoLane) return;
  writer_.name({.table = NameTable::Lane,
                .key = lane.number,
                .value = lane_value(type, group, number),
                .text = std::move(text)});
}

void ThreadLanes::thread_named(const observe::ThreadName& thread) {
  name(lane_at(threads_, thread.number), LaneType::Thread, thread.group, static_cast<unsigned>(thread.pid),
       lane_name(thread));
}

void ThreadLanes::group_named(const observe::GroupName& group) {
  name(lane_at(groups_, group.number), LaneType::Group, group.container ? 1 : 0, group.id, lane_name(group));
}

void ThreadLanes::call_named(u64 number, const std::string& name) {
  if (!name.empty()) writer_.name({.table = NameTable::SystemCall, .key = number, .text = name});
}

// A lane's time does not go back: a thread may move to a processor that is behind by part of a slice.
void ThreadLanes::set(Lane& lane, u8 core, Picoseconds time, u64 state, u64 detail) {
  if (lane.number == kNoLane) return;
  lane.now = std::max(lane.now, time);
  lane.state = state;
  last_ = std::max(last_, lane.now);
  writer_.summary().state(lane.number, lane.now, state);
  writer_.append({.time = lane.now,
                  .a = state,
                  .b = detail,
                  .rip = 0,
                  .kind = trace_kind::kState,
                  .core = core,
                  .lane = lane.number});
}

void ThreadLanes::thread_changed(const observe::ThreadChange& change) {
  const u64 state = change.state == ThreadState::Ended ? kStateEnded : static_cast<u64>(change.state);
  set(lane_at(threads_, change.number), change.core, change.time, state, change.call);
}

void ThreadLanes::group_changed(unsigned number, u8 core, Picoseconds time, unsigned running) {
  Lane& lane = lane_at(groups_, number);
  const auto state = running == 0 ? GroupState::Idle : GroupState::Running;
  set(lane, core, time, static_cast<u64>(state), running);
}

void ThreadLanes::finish(Picoseconds time) {
  for (std::vector<Lane>* lanes : {&threads_, &groups_}) {
    for (Lane& lane : *lanes)
      if (lane.state != kStateEnded) set(lane, 0, time, kStateEnded, 0);
  }
}

}  // namespace hvlab::record
