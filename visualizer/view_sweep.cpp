#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

void draw_sweep(Frame& frame) { nothing_to_show(frame, "view.sweep"); }

}  // namespace hvlab::visualizer
