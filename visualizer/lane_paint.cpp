#include "visualizer/lane_paint.hpp"

#include <GL/gl.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hvlab::visualizer {

namespace {

constexpr unsigned kPeriod = 8;  // of hatches

u32 blended(u32 under, u32 over) {
  const u32 alpha = over >> 24;
  u32 result = 0xff000000;
  for (unsigned shift = 0; shift < 24; shift += 8) {
    const u32 below = under >> shift & 0xff, above = over >> shift & 0xff;
    result |= (below * (255 - alpha) + above * alpha) / 255 << shift;
  }
  return result;
}

// A state's colour at each place of its hatch.
struct Fabric {
  std::array<u32, size_t{kPeriod} * kPeriod> colors{};
  u32 at(unsigned x, unsigned y) const { return colors[size_t{y % kPeriod} * kPeriod + x % kPeriod]; }
};

std::vector<Fabric> fabrics_of(const StateStyles& styles, const Look& look) {
  std::vector<Fabric> all(styles.size());
  for (size_t state = 0; state < styles.size(); ++state) {
    const ImU32 color = look.color(styles[state]);
    const u32 ink = blended(color, ink_on(color));
    for (unsigned y = 0; y < kPeriod; ++y)
      for (unsigned x = 0; x < kPeriod; ++x)
        all[state].colors[size_t{y} * kPeriod + x] = inked(styles[state].hatch, x, y) ? ink : color;
  }
  return all;
}

// How high a tick is for so many events in its column: 1 is half of it, each ten times as many more.
int tick_height(u32 count, int most) {
  const int half = (most + 1) / 2;
  if (count <= 1) return half;
  return std::min(
      most, half + static_cast<int>(std::log10(static_cast<double>(count)) * (most - half) / 2 + 0.999));
}

}  // namespace

LaneSize lane_size(const Look& look) {
  const auto pixels = [&](float units) { return std::max(1, static_cast<int>(std::lround(look.px(units)))); };
  return {.band = pixels(16), .gap = pixels(1), .ticks = pixels(5)};
}

void paint_lane(const views::RowPicture& picture, Picoseconds column_width, const StateStyles& styles,
                const Look& look, const LaneSize& size, unsigned phase, u32* pixels) {
  const std::vector<Fabric> fabrics = fabrics_of(styles, look);
  const auto columns = static_cast<u32>(picture.exits.size());
  const double whole = static_cast<double>(column_width) * picture.lanes;
  const unsigned grain = std::max(1U, static_cast<unsigned>(std::lround(look.scale)));
  for (u32 x = 0; x < columns; ++x) {
    u64 sum = 0;
    int below = 0;  // rows that are filled, from the band's foot
    for (u32 n = picture.first[x]; n < picture.first[x + 1]; ++n) {
      sum += picture.times[n].time;
      const int upto =
          std::min(size.band, static_cast<int>(std::lround(static_cast<double>(sum) / whole * size.band)));
      const Fabric& fabric = fabrics[std::min<size_t>(picture.times[n].state, fabrics.size() - 1)];
      for (; below < upto; ++below) {
        const int y = size.band - 1 - below;
        pixels[static_cast<size_t>(y) * columns + x] =
            fabric.at((x + phase) / grain, static_cast<unsigned>(y) / grain);
      }
    }
    const auto tick = [&](u32 count, u32 color) {
      if (count == 0) return;
      const int top = size.band + size.gap;
      for (int y = top; y < top + tick_height(count, size.ticks); ++y)
        pixels[static_cast<size_t>(y) * columns + x] = color;
    };
    tick(picture.others[x], faded(look.faint, 0.45F));
    tick(picture.exits[x], look.bad);
  }
}

LaneImage::~LaneImage() {
  if (texture_ != 0) glDeleteTextures(1, &texture_);
}

void LaneImage::load(int width, int height, const std::vector<u32>& pixels) {
  GLint before = 0;
  glGetIntegerv(GL_TEXTURE_BINDING_2D, &before);
  const bool fresh = texture_ == 0;
  if (fresh) glGenTextures(1, &texture_);
  glBindTexture(GL_TEXTURE_2D, texture_);
  if (fresh) {
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  }
  if (width != width_ || height != height_)
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  else
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  width_ = width;
  height_ = height;
  glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(before));
}

void LaneImage::draw(ImDrawList* list, ImVec2 at, int from, int to) const {
  if (texture_ == 0 || to > height_) return;
  const auto rows = static_cast<float>(height_);
  list->AddImage(reinterpret_cast<ImTextureID>(static_cast<uintptr_t>(texture_)), at,
                 {at.x + static_cast<float>(width_), at.y + static_cast<float>(to - from)},
                 {0, static_cast<float>(from) / rows}, {1, static_cast<float>(to) / rows});
}

}  // namespace hvlab::visualizer
