// Writes a cluster trace while a run goes on. docs/cluster-trace.md.
#pragma once

#include <string>
#include <vector>

#include "sim/record/cluster_codec.hpp"
#include "sim/record/cluster_overview.hpp"
#include "sim/record/output_file.hpp"

namespace hvlab::record {

class ClusterWriter {
 public:
  /// Begins file `path`. Whatever cannot be written is told by problem(); nothing throws.
  ClusterWriter(const std::string& path, const ClusterFacts& facts);

  /// What is told from now on is at `at`, which is not earlier than what was told before.
  void at(ClusterTime at);
  /// How something is from now on; what has not changed costs nothing.
  void host(u32 place, const HostSample& now);
  void machine(u32 place, const MachineSample& now);
  void store(u32 place, const StoreSample& now);
  void manager(const ManagerSample& now);
  /// How everything is that has been told.
  const ClusterState& state() const { return state_; }

  void event(const ClusterEvent& event) { events_.push_back(event); }
  /// A move that is over, or, at the end, under way.
  void move(const ClusterMove& move);

  /// Puts what was told into the file.
  void flush();
  /// Ends the file; it was recorded until `until`.
  void finish(ClusterTime until);

  u64 bytes() const { return file_.size(); }
  /// What failed first, or empty.
  const std::string& problem() const { return file_.problem(); }

 private:
  template <class Sample>
  void change(std::vector<Sample>& all, u32 place, const Sample& now);
  void begin_change();
  void begin_states();
  void write_block(ClusterBlockHeader header, std::span<const u8> raw);

  OutputFile file_;
  ClusterState state_;
  OverviewBuilder overview_;
  StateEncoder states_;  // not yet in the file
  bool open_ = false;    // states_ has begun
  size_t most_bytes_ = 0;
  ClusterTime first_ = 0, last_ = 0;  // of states_
  ClusterTime now_ = 0;
  bool told_time_ = false;
  std::vector<ClusterEvent> events_;  // not yet in the file
  std::vector<u8> moves_;             // likewise
  u32 moves_count_ = 0;
  std::vector<u8> raw_, stored_;
};

}  // namespace hvlab::record
