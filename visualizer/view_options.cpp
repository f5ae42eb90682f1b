// What views let one choose. An option stands here once: the command line, the window's memory and "copy as
// command" take it from here.
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

const std::vector<ViewOption>& all_options() {
  static const std::vector<ViewOption> kOptions = {
      {"timeline.filter", "", "only what fits: kind=..., lane=..."},
      {"timeline.search", "", "the text that n and N go to"},
      {"lesson.step", "0", "which step of the lesson, from 0"},
      {"lesson.answers", "", "what was predicted: nNUMBER, oOPTION or -, each with a comma behind"},
      {"lesson.runs", "", "the runs that the lesson made: SCENARIO=DIRECTORY;..."},
      {"lesson.view", "", "the view beside the text"},
      {"lesson.shown", "", "what the text last asked that view for"},
      {"timeline.toggled", "", "headings that are folded or opened, with ';' between: devices;vm 1"},
      {"timeline.scroll", "0", "how far the lanes are scrolled, in pixels at scale 1"},
      {"timeline.skew", "yes", "plots how far virtual processors are ahead of each other"},
  };
  return kOptions;
}

}  // namespace hvlab::visualizer
