// One run's ladder within the picture: its rungs, its steps, and how far it has walked.
#pragma once

#include <array>
#include <string>

#include "visualizer/ladder_picture.hpp"

namespace hvlab::visualizer {

/// What of the picture is where.
struct LadderArea {
  float left = 0, right = 0;  // of the steps
  float row = 0;              // height of a rung
  const LadderScale* scale = nullptr;

  float x(double place) const {
    const double part = (place - scale->from) / (scale->until - scale->from);
    return left + static_cast<float>(std::clamp(part, -0.01, 1.01) * static_cast<double>(right - left));
  }
  double place(float at) const {
    return scale->from + (scale->until - scale->from) * static_cast<double>((at - left) / (right - left));
  }
};

class LadderWalk {
 public:
  /// The `index`-th ladder of the scale, from `top` down. `at`: the place up to which it has walked; nothing:
  /// all of it.
  LadderWalk(Frame& frame, const RunLadder& it, const LadderArea& area, size_t index, float top,
             std::optional<double> at);

  float height() const { return static_cast<float>(ladder_.rungs.size()) * area_.row; }
  void draw();
  /// The step at the pointer; null if it is nowhere near.
  const views::Step* pointed(ImVec2 mouse) const;

 private:
  double shift() const { return area_.scale->shift[index_]; }
  float row_top(views::Rung rung) const { return top_ + rows_[static_cast<size_t>(rung)] * area_.row; }
  float x_of(size_t step) const {
    return area_.x(static_cast<double>(area_.scale->places[index_][step]) + shift());
  }
  void draw_rungs();
  void draw_rung(views::Rung rung, const views::Moment& now);
  void draw_steps();
  void draw_label(size_t step);
  void draw_token();

  Frame& frame_;
  const RunLadder& it_;
  const views::Ladder& ladder_;
  const LadderArea& area_;
  size_t index_;
  float top_;
  std::optional<double> at_;
  Picoseconds walked_ = kNever;
  std::array<float, views::kRungs> rows_{};
};

/// What a rung is called; `it` says of which system.
std::string rung_text(const Frame& frame, const RunLadder& it, views::Rung rung);

/// Text on whole pixels, so that it is sharp.
void put_text(ImDrawList* list, float x, float y, ImU32 color, const std::string& text);

}  // namespace hvlab::visualizer
