// The bar of a run that goes on and can be attached to: how it stands, buttons and keys.
#pragma once

#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

struct ChosenLive {
  views::OpenRun* run = nullptr;
  LiveRun* live = nullptr;
};

/// The run that keys and buttons are for; nulls if none of those that are shown is attached to.
ChosenLive chosen_live(Frame& frame);

/// Draws the bar and takes F5 to F11, if there is such a run.
void draw_live_bar(Frame& frame);

/// Whether the shown span goes on with a live run: all is shown, or the span reaches `end`.
bool follows(const ViewState& state, PicosecondDelta end);
/// The runs' end was `before` and is now `end`: a span that followed still does.
void follow(ViewState& state, PicosecondDelta before, PicosecondDelta end);

}  // namespace hvlab::visualizer
