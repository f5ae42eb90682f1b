// A display to draw on: the user's, or one of our own that nobody sees.
#pragma once

#include <memory>

#include "sim/base/child.hpp"

namespace hvlab::visualizer {

/// While it lives there is a display. Where the environment names none, an X server without a screen (Xvfb)
/// is started if that is allowed.
class Display {
 public:
  /// `hidden`: pictures for files alone, so that a display of our own will do. Throws UserError if there is
  /// none.
  Display(bool hidden, int width, int height);
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

 private:
  std::unique_ptr<Child> server_;
};

}  // namespace hvlab::visualizer
