// How the window looks: fonts, colours, sizes; fills with hatches.
#pragma once

#include <imgui.h>

#include <array>
#include <string>
#include <vector>

#include "sim/views/palette.hpp"

namespace hvlab::visualizer {

struct Look {
  bool dark = false;
  float scale = 1;  // of all sizes: 1 is a display of about 96 dots an inch
  ImFont *text = nullptr, *strong = nullptr, *heading = nullptr, *mono = nullptr;
  // 0xAABBGGRR, as ImGui has them.
  ImU32 ground = 0, panel = 0, line = 0, ink = 0, faint = 0, accent = 0, good = 0, bad = 0;

  /// Pixels of a length that is `units` at scale 1.
  float px(float units) const { return units * scale; }
  ImU32 color(const views::Style& style) const;
};

/// Loads the fonts for `language` at `scale` and sets ImGui's style. To be called before a frame begins; the
/// renderer's font texture has to be made anew after it. Throws UserError if a font's package is missing.
Look make_look(const std::string& language, bool dark, float scale);

/// 0xRRGGBB as ImGui has it.
ImU32 opaque(u32 rgb);
/// The same colour with so much of its opacity.
ImU32 faded(ImU32 color, float opacity);

/// Whether a hatch has ink at (x, y): its pattern repeats every 8 pixels.
bool inked(views::Hatch hatch, unsigned x, unsigned y);
/// What a hatch is drawn with on a fill: dark on light ones, light on dark ones.
ImU32 ink_on(ImU32 color);

/// Rectangles with colour and hatch, collected and drawn in few calls: first all colours, then each hatch.
class Fills {
 public:
  Fills(ImDrawList* list, const Look& look) : list_(list), look_(look) {}
  ~Fills() { flush(); }
  Fills(const Fills&) = delete;
  Fills& operator=(const Fills&) = delete;

  void add(ImVec2 from, ImVec2 to, const views::Style& style, float opacity = 1);
  void flush();

 private:
  struct Hatched {
    ImVec2 from, to;
    ImU32 ink;
  };
  ImDrawList* list_;
  const Look& look_;
  std::array<std::vector<Hatched>, 7> hatched_;  // by Hatch
};

/// One such rectangle at once.
void fill(ImDrawList* list, const Look& look, ImVec2 from, ImVec2 to, const views::Style& style);

/// A small sample of a style, with the text behind: a legend's entry.
void legend(const Look& look, const views::Style& style, const std::string& text);

/// Makes the hatches' textures; needs the renderer. Again after free_hatches().
void make_hatches(float scale);
void free_hatches();

}  // namespace hvlab::visualizer
