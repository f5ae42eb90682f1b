#include "visualizer/views.hpp"

namespace hvlab::visualizer {

const std::vector<View>& all_views() {
  static const std::vector<View> kViews = {{"compare", draw_compare},   {"ladder", draw_ladder},
                                           {"timeline", draw_timeline}, {"exits", draw_exits},
                                           {"machine", draw_machine},   {"sweep", draw_sweep},
                                           {"lesson", draw_lesson},     {"cluster", draw_cluster}};
  return kViews;
}

}  // namespace hvlab::visualizer
