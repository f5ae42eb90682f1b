// The open runs that can be attached to, and which of them the window's buttons and keys are for.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/views/run_set.hpp"
#include "visualizer/live_run.hpp"

namespace hvlab::visualizer {

class LiveRuns {
 public:
  /// Attaches to runs that can be since they were last looked at, leaves those that have ended, takes what
  /// has come. `now`: the host's seconds. True if there is something new.
  bool poll(const views::RunSet& runs, double now);

  /// Null if it cannot be attached to: it has ended, has no socket, or is not attached to at all.
  LiveRun* of(const views::OpenRun& run);
  /// The machine of a paused run, with `address` walked.
  LiveState state(const views::OpenRun& run, const std::string& address);
  /// The names of runs that have gone since the last time that this was asked.
  std::vector<std::string> take_gone() { return std::exchange(gone_, {}); }

 private:
  struct Attached {
    std::string folder;  // of the run
    std::unique_ptr<LiveRun> live;
    bool was_attached = true;
    unsigned tail_tries = 0;  // that did not fit, one after the other
  };
  bool attach_new(const views::RunSet& runs);
  bool poll_one(Attached& one, views::OpenRun& run, double now);

  std::vector<Attached> attached_;
  std::vector<std::string> gone_;
};

/// The paces that can be chosen, the fastest first: simulated seconds in one of the host's, 0 as fast as it
/// can.
const std::vector<double>& live_speeds();
/// The next slower (by 1) or faster (by -1) one than `speed`.
double other_speed(double speed, int by);

}  // namespace hvlab::visualizer
