// The picture of ladders: rungs from top to bottom, time from left to right, one scale for all runs.
#pragma once

#include "visualizer/ladder_data.hpp"

namespace hvlab::visualizer {

/// Where everything is in time. Places are as views::places_of has them, moved so that all ladders' zeros
/// meet.
struct LadderScale {
  std::vector<std::vector<Picoseconds>> places;  // of each ladder's steps
  std::vector<double> shift;                     // of each ladder's places
  Picoseconds cut = 0;                           // waits are drawn no longer than this; 0: as they are
  double from = 0, until = 1;                    // the places that are shown
  double zero = 0;                               // the place at which what is looked at begins
  double longest = 1;                            // place of the last end
};

/// By the options ladder.scale, ladder.from and ladder.until.
LadderScale scale_of(const Frame& frame, const std::vector<RunLadder>& ladders);

/// Draws them, `height` high. `at`: the place up to which the requests have walked; nothing: all of it.
void draw_ladders(Frame& frame, const std::vector<RunLadder>& ladders, const LadderScale& scale,
                  std::optional<double> at, float height);

/// What a step is called, in the window's language.
std::string step_text(const Frame& frame, const std::string& label);

}  // namespace hvlab::visualizer
