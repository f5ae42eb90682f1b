#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

void draw_ladder(Frame& frame) { nothing_to_show(frame, "view.ladder"); }

}  // namespace hvlab::visualizer
