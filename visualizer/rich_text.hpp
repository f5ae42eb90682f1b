// Documents drawn: paragraphs of several faces, lists, tables, code; words that tell their meaning.
#pragma once

#include <set>
#include <vector>

#include "sim/views/text_units.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

/// What a document is drawn with.
struct Reading {
  const std::vector<views::Word>& words;
  std::set<size_t> seen{};  // words that were marked above
};

/// The words of `hvlab list glossary` and `hvlab list exits`, in the frame's language; none until they have
/// come.
const std::vector<views::Word>& words_of(Frame& frame);

/// Draws text at the cursor in the region's width, and moves the cursor below it. `ink` is 0xAABBGGRR; 0: the
/// look's.
void draw_spans(Frame& frame, Reading& reading, const views::Spans& spans, ImU32 ink = 0);

/// The same of plain text. Lines end where they may in Japanese, too, which ImGui's own wrapping does not
/// know.
void draw_wrapped(Frame& frame, const std::string& text, ImU32 ink = 0);

/// How wide `spans` would be on one line.
float spans_width(const Frame& frame, const views::Spans& spans);

void draw_blocks(Frame& frame, Reading& reading, const std::vector<views::Block>& blocks);

}  // namespace hvlab::visualizer
