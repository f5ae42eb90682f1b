// Fills with hatches: a hatch is a small texture that repeats, drawn over the colour in the ground's ink.
#include <GL/gl.h>

#include <cmath>

#include "visualizer/look.hpp"

namespace hvlab::visualizer {

namespace {

constexpr unsigned kSide = 16;  // of a hatch's texture; lines meet at its edges
std::array<GLuint, 7> textures{};
float pattern_scale = 1;

}  // namespace

bool inked(views::Hatch hatch, unsigned x, unsigned y) {
  using views::Hatch;
  constexpr unsigned period = kSide / 2;
  switch (hatch) {
    case Hatch::None: return false;
    case Hatch::Rising: return (x + y) % period < 2;
    case Hatch::Falling: return (x - y + kSide) % period < 2;
    case Hatch::Crossed: return (x + y) % period < 1 || (x - y + kSide) % period < 1;
    case Hatch::Horizontal: return y % period < 1;
    case Hatch::Vertical: return x % period < 1;
    case Hatch::Dots: return x % period < 2 && y % period < 2;
  }
  return false;
}

ImU32 ink_on(ImU32 color) {
  const float brightness = 0.3F * static_cast<float>(color & 0xff) +
                           0.59F * static_cast<float>((color >> 8) & 0xff) +
                           0.11F * static_cast<float>((color >> 16) & 0xff);
  return brightness > 110 ? IM_COL32(0, 0, 0, 110) : IM_COL32(255, 255, 255, 130);
}

void make_hatches(float scale) {
  pattern_scale = std::max(1.0F, std::round(scale));
  GLint before = 0;
  glGetIntegerv(GL_TEXTURE_BINDING_2D, &before);
  glGenTextures(static_cast<GLsizei>(textures.size()), textures.data());
  for (size_t hatch = 0; hatch < textures.size(); ++hatch) {
    std::array<u32, size_t{kSide} * kSide> pixels{};
    for (unsigned y = 0; y < kSide; ++y)
      for (unsigned x = 0; x < kSide; ++x)
        pixels[size_t{y} * kSide + x] =
            inked(static_cast<views::Hatch>(hatch), x, y) ? 0xffffffff : 0x00ffffff;
    glBindTexture(GL_TEXTURE_2D, textures[hatch]);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_REPEAT);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_REPEAT);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, kSide, kSide, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  }
  glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(before));
}

void free_hatches() {
  glDeleteTextures(static_cast<GLsizei>(textures.size()), textures.data());
  textures = {};
}

void Fills::add(ImVec2 from, ImVec2 to, const views::Style& style, float opacity) {
  const ImU32 color = look_.color(style);
  list_->AddRectFilled(from, to, faded(color, opacity));
  if (style.hatch == views::Hatch::None || to.x - from.x < 2) return;
  hatched_[static_cast<size_t>(style.hatch)].push_back({from, to, faded(ink_on(color), opacity)});
}

void Fills::flush() {
  const float period = kSide * pattern_scale;
  for (size_t hatch = 1; hatch < hatched_.size(); ++hatch) {
    if (hatched_[hatch].empty()) continue;
    list_->PushTextureID(reinterpret_cast<ImTextureID>(static_cast<uintptr_t>(textures[hatch])));
    for (const Hatched& one : hatched_[hatch]) {
      const ImVec2 uv0{one.from.x / period, one.from.y / period}, uv1{one.to.x / period, one.to.y / period};
      list_->PrimReserve(6, 4);
      list_->PrimRectUV(one.from, one.to, uv0, uv1, one.ink);
    }
    list_->PopTextureID();
    hatched_[hatch].clear();
  }
}

void fill(ImDrawList* list, const Look& look, ImVec2 from, ImVec2 to, const views::Style& style) {
  Fills(list, look).add(from, to, style);
}

}  // namespace hvlab::visualizer
