// What views let one choose. An option stands here once: the command line, the window's memory and "copy as
// command" take it from here.
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

const std::vector<ViewOption>& all_options() {
  static const std::vector<ViewOption> kOptions = {
      {"timeline.filter", "", "only what fits: kind=..., lane=..."},
      {"timeline.search", "", "the text that n and N go to"},
  };
  return kOptions;
}

}  // namespace hvlab::visualizer
