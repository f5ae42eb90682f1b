// What a cluster does, into a run directory's cluster.hvc (docs/cluster-trace.md): with log_text and metrics
// all that leaves this room. The only file that knows the room `record`.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/plan.hpp"
#include "sim/record/cluster_writer.hpp"

namespace hvlab::cluster {

/// What does not change, with names. `until`: when the run is to end.
record::ClusterFacts recorded_facts(const Plan& plan, const Simulation& sim, Nanoseconds until);

/// A move as it is recorded; `number` is its place in the simulation's list.
record::ClusterMove recorded_move(const Move& move, Index number);

/// Watches a simulation. Everything is looked at at load steps, faults, looks of the balancer and steps of
/// high availability; what else happens has its hosts and machines looked at. A machine's demand is told
/// again once it has changed by more than 1/64 of its processors.
class Recording {
 public:
  /// Begins file `path` with what `sim` is now, before its first event. Nothing throws: see problem().
  Recording(const std::string& path, const Plan& plan, const Simulation& sim, Nanoseconds until);

  /// `event` has just happened.
  void after(const Simulation& sim, const Event& event);
  /// The run has ended, or is broken off: now.
  void finish(const Simulation& sim);

  u64 bytes() const { return writer_.bytes(); }
  /// What could not be written, or empty.
  const std::string& problem() const { return writer_.problem(); }

 private:
  void look_at_all(const Simulation& sim);
  void look_at_host(const Simulation& sim, Index host);
  void look_at_machine(const Simulation& sim, Index machine);
  void look_at_manager(const Simulation& sim);
  void take_log(const Simulation& sim);
  void take_moves(const Simulation& sim);

  record::ClusterWriter writer_;
  std::vector<u32> slack_;  // by machine: MHz that its demand may change without being told
  size_t logged_ = 0;
  std::vector<bool> told_;  // by move: it is over and written
  size_t first_open_ = 0;   // all before it are told
};

/// run() with a recording: `until`, on SystemC's kernel, settles what was used by then. Does not finish it.
void run(Simulation& sim, Nanoseconds until, Recording& recording);

}  // namespace hvlab::cluster
