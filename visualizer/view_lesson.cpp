#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

void draw_lesson(Frame& frame) { nothing_to_show(frame, "view.lesson"); }

}  // namespace hvlab::visualizer
