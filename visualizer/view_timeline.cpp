#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

void draw_timeline(Frame& frame) { nothing_to_show(frame, "view.timeline"); }

}  // namespace hvlab::visualizer
