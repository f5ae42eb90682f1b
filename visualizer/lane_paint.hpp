// Lanes of a timeline as an image of one texture: what a frame costs is its pixels, whatever the trace holds.
#pragma once

#include <vector>

#include "sim/views/lane_pictures.hpp"
#include "visualizer/look.hpp"

namespace hvlab::visualizer {

/// Pixels of a lane's image: the states' band, a gap, the ticks' strip beneath.
struct LaneSize {
  int band = 16, gap = 1, ticks = 5;
  int height() const { return band + gap + ticks; }
};

LaneSize lane_size(const Look& look);

/// The look of each state of a kind of lane, by number.
using StateStyles = std::vector<views::Style>;

/// One lane's pixels, 0xAABBGGRR, `columns` a row, from `pixels` on.
/// `phase` moves the hatches, so that they stay with what is panned.
void paint_lane(const views::RowPicture& picture, Picoseconds column_width, const StateStyles& styles,
                const Look& look, const LaneSize& size, unsigned phase, u32* pixels);

/// An image of lanes on the graphics card. It has to go before the window does.
class LaneImage {
 public:
  LaneImage() = default;
  ~LaneImage();
  LaneImage(const LaneImage&) = delete;
  LaneImage& operator=(const LaneImage&) = delete;

  void load(int width, int height, const std::vector<u32>& pixels);
  /// Draws rows [from, to) of the image at `at`, a pixel each.
  void draw(ImDrawList* list, ImVec2 at, int from, int to) const;

 private:
  unsigned texture_ = 0;
  int width_ = 0, height_ = 0;
};

}  // namespace hvlab::visualizer
