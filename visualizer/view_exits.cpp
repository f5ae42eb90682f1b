#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

void draw_exits(Frame& frame) { nothing_to_show(frame, "view.exits"); }

}  // namespace hvlab::visualizer
