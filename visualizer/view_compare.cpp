#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

void draw_compare(Frame& frame) { nothing_to_show(frame, "view.compare"); }

}  // namespace hvlab::visualizer
