#include <algorithm>
#include <cmath>
#include <string>

#include "visualizer/rich_text.hpp"

namespace hvlab::visualizer {

using views::Block;
using views::TableRow;

namespace {

void gap(const Frame& frame, float units) { ImGui::Dummy({1, frame.look.px(units)}); }

void draw_heading(Frame& frame, Reading& reading, const Block& block) {
  gap(frame, 4);
  views::Spans spans = block.spans;
  for (views::Span& span : spans) span.strong = true;
  draw_spans(frame, reading, spans);
}

// Bullets and numbers hang; what belongs to an item stands right of them.
void draw_list(Frame& frame, Reading& reading, const Block& block) {
  const Look& look = frame.look;
  const float indent = look.px(block.number == 0 ? 16 : 22);
  int number = block.number;
  for (const Block& item : block.children) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float line = look.text->FontSize * 1.42F;
    if (block.number == 0) {
      ImGui::GetWindowDrawList()->AddCircleFilled({at.x + look.px(5), at.y + line / 2}, look.px(2.2F),
                                                  look.faint);
    } else {
      const std::string text = std::to_string(number++) + ".";
      ImGui::GetWindowDrawList()->AddText(look.text, look.text->FontSize,
                                          {at.x, at.y + (line - look.text->FontSize) / 2}, look.faint,
                                          text.c_str());
    }
    ImGui::Indent(indent);
    draw_blocks(frame, reading, item.children);
    ImGui::Unindent(indent);
  }
}

// Lines that are too long are drawn smaller, to two thirds; what is longer still is moved with the bar.
void draw_code(Frame& frame, const Block& block) {
  const Look& look = frame.look;
  std::string text = block.text;
  while (text.ends_with('\n')) text.pop_back();
  const float natural = look.mono->CalcTextSizeA(look.mono->FontSize, FLT_MAX, 0, text.c_str()).x;
  const float room = ImGui::GetContentRegionAvail().x - look.px(24);
  const float shrink = std::clamp(room / std::max(natural, 1.0F), 0.72F, 1.0F);
  const float size = std::floor(look.mono->FontSize * shrink * 4) / 4;
  const ImVec2 extent = look.mono->CalcTextSizeA(size, FLT_MAX, 0, text.c_str());
  const bool scrolls = extent.x > room;
  const float height = extent.y + look.px(20) + (scrolls ? ImGui::GetStyle().ScrollbarSize : 0);
  ImGui::PushStyleColor(ImGuiCol_ChildBg, look.panel);
  ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, look.px(5));
  ImGui::PushID(static_cast<int>(block.line));
  if (scrolls) ImGui::SetNextWindowContentSize({extent.x + look.px(24), 0});
  ImGui::BeginChild("code", {0, height}, false,
                    scrolls ? ImGuiWindowFlags_HorizontalScrollbar
                            : ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddText(look.mono, size, {at.x + look.px(12), at.y + look.px(10)}, look.ink,
                                      text.c_str());
  ImGui::EndChild();
  ImGui::PopID();
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
}

// The widths that columns would like to have, and have: narrow ones what they want, wide ones a share of the
// rest.
std::vector<float> column_widths(const Frame& frame, const Block& block, float room) {
  std::vector<float> widths(block.right.size(), 0);
  for (const TableRow& row : block.rows) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], spans_width(frame, row[i]) + frame.look.px(4));
  }
  std::vector<float> sorted = widths;
  std::ranges::sort(sorted);
  float left = room, most = room;
  for (size_t i = 0; i < sorted.size(); ++i) {
    most = left / static_cast<float>(sorted.size() - i);
    if (sorted[i] > most) break;
    left -= sorted[i];
    most = FLT_MAX;
  }
  for (float& width : widths) width = std::max(std::min(width, most), 1.0F);
  return widths;
}

void draw_cell(Frame& frame, Reading& reading, const Block& block, const TableRow& row, size_t column) {
  const bool heading = &row == &block.rows.front();
  views::Spans spans = row[column];
  if (heading)
    for (views::Span& span : spans) span.strong = true;
  if (column < block.right.size() && block.right[column])
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() +
                         std::max(0.0F, ImGui::GetContentRegionAvail().x - spans_width(frame, spans) - 1));
  draw_spans(frame, reading, spans, heading ? frame.look.faint : 0);
}

void draw_table(Frame& frame, Reading& reading, const Block& block) {
  const auto columns = static_cast<int>(block.right.size());
  if (columns == 0) return;
  const float padding = 2 * ImGui::GetStyle().CellPadding.x * static_cast<float>(columns);
  const std::vector<float> widths = column_widths(frame, block, ImGui::GetContentRegionAvail().x - padding);
  ImGui::PushID(static_cast<int>(block.line));
  if (ImGui::BeginTable("table", columns,
                        ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_SizingFixedFit |
                            ImGuiTableFlags_NoHostExtendX | ImGuiTableFlags_PadOuterX)) {
    for (const float width : widths) ImGui::TableSetupColumn("", ImGuiTableColumnFlags_WidthFixed, width);
    for (const TableRow& row : block.rows) {
      ImGui::TableNextRow();
      for (size_t i = 0; i < row.size(); ++i) {
        ImGui::TableNextColumn();
        draw_cell(frame, reading, block, row, i);
      }
    }
    ImGui::EndTable();
  }
  ImGui::PopID();
}

void draw_block(Frame& frame, Reading& reading, const Block& block) {
  using enum Block::Kind;
  switch (block.kind) {
    case Heading: return draw_heading(frame, reading, block);
    case Paragraph: return draw_spans(frame, reading, block.spans);
    case List: return draw_list(frame, reading, block);
    case Item:
    case Quote: return draw_blocks(frame, reading, block.children);
    case Code: return draw_code(frame, block);
    case Table: return draw_table(frame, reading, block);
    case Rule: return ImGui::Separator();
    case Comment: return;
  }
}

}  // namespace

void draw_blocks(Frame& frame, Reading& reading, const std::vector<Block>& blocks) {
  bool first = true;
  for (const Block& block : blocks) {
    if (block.kind == Block::Kind::Comment) continue;
    if (!first) gap(frame, 1);
    first = false;
    draw_block(frame, reading, block);
  }
}

}  // namespace hvlab::visualizer
