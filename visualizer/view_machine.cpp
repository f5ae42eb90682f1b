#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

void draw_machine(Frame& frame) { nothing_to_show(frame, "view.machine"); }

}  // namespace hvlab::visualizer
