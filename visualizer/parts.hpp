// Small parts that several views are made of.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

/// What an option may be: its value, and the text for people.
using Choices = std::vector<std::pair<std::string, std::string>>;

/// Buttons beside each other, of which the option's value is down. True if another one was chosen.
bool choose(Frame& frame, const char* option, const Choices& choices);
/// The same as a list that opens, `width` wide at scale 1. While the option's value is none of them, `unset`
/// is shown, or the value if that is empty.
bool choose_from(Frame& frame, const char* option, const Choices& choices, float width,
                 const std::string& unset = "");

/// How tables of numbers look.
inline constexpr ImGuiTableFlags kNumbersTable = ImGuiTableFlags_SizingStretchProp | ImGuiTableFlags_RowBg |
                                                 ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerH;
/// A table's headings, from the columns' names: those of the bits of `left` at the left, the others over
/// numbers.
void header_row(const Look& look, u32 left);

/// A number in a cell of a table, or a text in the rest of a line: at its right edge. Where there is no room
/// for all of it, "…" says so: a number without its last digits would be another one.
void right_text(const Look& look, const std::string& text, bool faint = false);
/// The same with a bar behind it, as long as its part of the largest.
void bar_cell(const Look& look, double value, double largest, const std::string& text);

/// Of one line in the current font, in pixels.
float text_width(const std::string& text);
/// The text, cut with "…" if it is wider than `width` in the current font.
std::string fitted(const std::string& text, float width);
/// 1, 2 or 5 times a power of ten: the least that is no less than `least`, which is more than 0.
double round_step(double least);

}  // namespace hvlab::visualizer
