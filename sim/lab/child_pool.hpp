// Several programs at a time, until all have ended or the user stops them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/lab/progress_line.hpp"

namespace hvlab::lab {

/// A program to run: what it is called on the progress line, and its words.
struct PoolTask {
  std::string title;
  std::vector<std::string> arguments;
};

/// One that has ended.
struct PoolEnd {
  size_t index = 0;  // of its task
  int status = 0;    // exit status, or 128 + the signal that ended it
  std::string output, errors;
  double host_seconds = 0;
};

/// Runs all `tasks`, `at_once` (at least 1) side by side, and calls `ended` as each ends, in the order in
/// which they do. Shows what each said last about its progress (last_progress) on `line`. Ctrl-C or SIGTERM
/// stops those that run (SIGTERM, then waits for them) and starts no more; `ended` is not called for these.
/// Returns true if all ended by themselves. Throws UserError if one cannot be started.
bool run_pool(const std::vector<PoolTask>& tasks, size_t at_once, ProgressLine& line,
              const std::function<void(const PoolEnd&)>& ended);

/// How many programs this host runs side by side: its processors.
size_t host_processors();

/// While it lives, Ctrl-C and SIGTERM are noted instead of ending the program, so that what runs can be ended
/// first. One at a time.
class StopNoted {
 public:
  StopNoted();
  ~StopNoted();
  StopNoted(const StopNoted&) = delete;
  StopNoted& operator=(const StopNoted&) = delete;
  static bool stopped();

 private:
  struct Saved;
  Saved* saved_;
};

}  // namespace hvlab::lab
