// Where each step of each ladder is along the scale that all of them share.
#include <algorithm>

#include "visualizer/ladder_picture.hpp"

namespace hvlab::visualizer {

LadderScale scale_of(const Frame& frame, const std::vector<RunLadder>& ladders) {
  LadderScale scale;
  if (frame.state.option("ladder.scale") == "short") {
    std::vector<const views::Ladder*> list;
    list.reserve(ladders.size());
    for (const RunLadder& it : ladders) list.push_back(&it.ladder);
    scale.cut = views::short_wait(list);
  }
  for (const RunLadder& it : ladders) {
    scale.places.push_back(views::places_of(it.ladder, scale.cut == 0 ? kNever : scale.cut));
    scale.shift.push_back(-views::place_at(it.ladder, scale.places.back(), it.ladder.zero));
    scale.zero = std::max(scale.zero, -scale.shift.back());
  }
  for (size_t i = 0; i < ladders.size(); ++i) {
    scale.shift[i] += scale.zero;
    scale.longest = std::max(scale.longest, static_cast<double>(scale.places[i].back()) + scale.shift[i]);
  }
  scale.until = scale.longest;
  if (!frame.state.option("ladder.until").empty()) {
    scale.from = std::clamp(static_cast<double>(frame.state.number("ladder.from")), 0.0, scale.longest - 1);
    scale.until =
        std::clamp(static_cast<double>(frame.state.number("ladder.until")), scale.from + 1, scale.longest);
  }
  return scale;
}

}  // namespace hvlab::visualizer
