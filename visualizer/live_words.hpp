// Up to when what a view shows of runs that go on is good.
#pragma once

#include <vector>

#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

struct ShownVersion {
  const views::OpenRun* run = nullptr;
  u64 version = 0;  // which generation() of the run the view's numbers are of; 0: there are none yet
};

/// A line for people about those of `shown` that go on; nothing is drawn if none does.
void draw_live_words(const Frame& frame, const std::vector<ShownVersion>& shown);

}  // namespace hvlab::visualizer
