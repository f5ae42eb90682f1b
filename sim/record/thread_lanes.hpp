// Lanes of a trace for the threads of the machine's own system and for its containers and control groups.
#pragma once

#include <functional>
#include <vector>

#include "sim/observe/threads.hpp"
#include "sim/record/trace_writer.hpp"

namespace hvlab::record {

class ThreadLanes final : public observe::ThreadWatcher {
 public:
  static constexpr u16 kNoLane = 0xFFFF;

  /// `next_lane` gives the number of a new lane, or kNoLane if there can be no more: what has none is not
  /// recorded.
  ThreadLanes(TraceWriter& writer, std::function<u16()> next_lane)
      : writer_(writer), next_lane_(std::move(next_lane)) {}

  void thread_named(const observe::ThreadName& thread) override;
  void group_named(const observe::GroupName& group) override;
  void call_named(u64 number, const std::string& name) override;
  void thread_changed(const observe::ThreadChange& change) override;
  void group_changed(unsigned number, u8 core, Picoseconds time, unsigned running) override;

  /// The latest time that was recorded.
  Picoseconds last() const { return last_; }
  /// Ends all lanes.
  void finish(Picoseconds time);

 private:
  struct Lane {
    u16 number = kNoLane;
    bool given = false;
    Picoseconds now = 0;  // the latest time that it was told of
    u64 state = kStateEnded;
  };

  Lane& lane_at(std::vector<Lane>& lanes, size_t index);
  void name(Lane& lane, LaneType type, unsigned group, unsigned number, std::string text);
  void set(Lane& lane, u8 core, Picoseconds time, u64 state, u64 detail);

  TraceWriter& writer_;
  std::function<u16()> next_lane_;
  std::vector<Lane> threads_, groups_;  // by number
  Picoseconds last_ = 0;
};

/// What a thread's lane is called: "sh 17", of further threads of a process "qemu-system-x86 41/43".
std::string lane_name(const observe::ThreadName& thread);
/// "container /instance1/workload", "group /instance1"; a container in no group has its id for a name.
std::string lane_name(const observe::GroupName& group);

}  // namespace hvlab::record
