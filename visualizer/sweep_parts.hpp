// The two pictures of the view "sweep".
#pragma once

#include <string>
#include <vector>

#include "sim/views/sweep_curves.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

/// The metric against the axis, in all of the region. A click on a point opens its cell's run, of `folder`.
void draw_sweep_plot(Frame& frame, const views::SweepCurves& curves, const std::string& folder);

/// Bars to both sides of what the metric is otherwise, the longest first.
void draw_sweep_moves(Frame& frame, const std::vector<views::Sensitivity>& all, float width);

}  // namespace hvlab::visualizer
