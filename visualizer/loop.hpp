// How the window waits and draws.
#pragma once

#include "visualizer/app.hpp"
#include "visualizer/window.hpp"

namespace hvlab::visualizer {

/// The window's loop, one turn at a time: nothing is drawn unless something changed.
class Loop {
 public:
  /// Waits for what may come, at most `patience` seconds, and draws if something did.
  void turn(Window& window, App& app, double patience = 1);

 private:
  static constexpr int kSettle = 3;  // frames after a change: ImGui lays out in one, shows in the next
  int left_ = kSettle;
};

/// Pans and zooms what is shown by a script for request.bench seconds, then leaves it alone for one; prints
/// frames and times to standard output.
void run_bench(Window& window, App& app, const Request& request);

}  // namespace hvlab::visualizer
