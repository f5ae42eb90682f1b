// What a processor is about to execute, and what stands around it.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::MachineCode;

namespace {

/// A branch from one listed instruction to another.
struct Branch {
  size_t from = 0, to = 0;
  float depth = 0;  // how far left it is drawn: 1 is next to the instructions
};

constexpr size_t kMostBranches = 5;

bool branches(std::string_view text) {
  return text.starts_with("j") || text.starts_with("call") || text.starts_with("loop");
}

std::optional<u64> address_in(const std::string& text) {
  char* end = nullptr;
  const u64 address = std::strtoull(text.c_str(), &end, 16);
  return text.starts_with("0x") && *end == 0 ? std::optional(address) : std::nullopt;
}

// Branches are to an address that stands at the end of the text.
std::optional<size_t> listed_target(const std::vector<MachineCode>& code, const MachineCode& from) {
  if (!branches(from.text)) return std::nullopt;
  const size_t at = from.text.rfind("0x");
  if (at == std::string::npos) return std::nullopt;
  const auto target = address_in(from.text.substr(at));
  for (size_t i = 0; target && i < code.size(); ++i)
    if (address_in(code[i].address) == target) return i;
  return std::nullopt;
}

std::vector<Branch> branches_of(const std::vector<MachineCode>& code) {
  std::vector<Branch> found;
  for (size_t i = 0; i < code.size() && found.size() < kMostBranches; ++i)
    if (const auto to = listed_target(code, code[i]); to && *to != i)
      found.push_back({i, *to, static_cast<float>(found.size() + 1)});
  return found;
}

std::string function_of(const std::string& symbol) { return symbol.substr(0, symbol.rfind('+')); }

// "function+0x12" by its last names: what stands in front of them is said where one points.
std::string short_symbol(const std::string& symbol, float width) {
  std::string text = symbol;
  for (size_t at = text.find("::"); at != std::string::npos && text_width(text) > width; at = text.find("::"))
    text = text.substr(at + 2);
  return fitted(text, width);
}

void draw_arrow(const Look& look, const Branch& branch, float right, const std::vector<float>& middles) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float y = middles[branch.from], target = middles[branch.to], x = right - look.px(5) * branch.depth;
  const ImU32 color = faded(look.accent, 0.75F);
  list->AddLine({right, y}, {x, y}, color, look.px(1.3F));
  list->AddLine({x, y}, {x, target}, color, look.px(1.3F));
  list->AddLine({x, target}, {right, target}, color, look.px(1.3F));
  const float side = look.px(3);
  list->AddTriangleFilled({right, target}, {right - side * 1.6F, target - side},
                          {right - side * 1.6F, target + side}, color);
}

struct Columns {
  float gutter = 0, address = 0, bytes = 0;  // widths; bytes 0: no room for them
};

Columns columns_of(const Look& look, const std::vector<MachineCode>& code, bool arrows) {
  Columns columns{.gutter = look.px(arrows ? 34 : 16),
                  .address = text_width("ffffffff80000000") + look.px(10)};
  float bytes = 0, text = 0;
  for (const MachineCode& one : code) {
    bytes = std::max(bytes, text_width(one.bytes));
    text = std::max(text, text_width(one.text));
  }
  bytes = std::min(bytes, text_width("00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
  const float room = ImGui::GetContentRegionAvail().x - columns.gutter - columns.address;
  if (room >= bytes + std::min(text, look.px(300)) + look.px(24)) columns.bytes = bytes + look.px(14);
  return columns;
}

void draw_line(Frame& frame, const MachineCode& line, const Columns& columns, float row) {
  const Look& look = frame.look;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, top = at.y + (row - ImGui::GetTextLineHeight()) / 2;
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (line.current) {
    list->AddRectFilled(at, {at.x + width, at.y + row}, faded(look.accent, 0.18F), look.px(3));
    list->AddRectFilled(at, {at.x + look.px(3), at.y + row}, look.accent);
  }
  float x = at.x + columns.gutter;
  const std::string address = line.address.substr(std::min<size_t>(2, line.address.size()));
  list->AddText({x, top}, line.current ? look.accent : look.faint, address.c_str());
  x += columns.address;
  if (columns.bytes > 0) {
    list->AddText({x, top}, faded(look.faint, 0.7F), fitted(line.bytes, columns.bytes).c_str());
    x += columns.bytes;
  }
  const std::string text = fitted(line.text, at.x + width - x);
  list->AddText({x, top}, look.ink, text.c_str());
  x += text_width(text) + look.px(14);
  if (!line.target.empty() && at.x + width - x > look.px(40))
    list->AddText({x, top}, look.good, short_symbol("\u2192 " + line.target, at.x + width - x).c_str());
  ImGui::Dummy({width, row});
  if (!ImGui::IsItemHovered()) return;
  const std::string more = line.symbol + (line.target.empty() ? "" : "\n\u2192 " + line.target);
  ImGui::SetTooltip("%s\n%s\n%s%s", line.text.c_str(), line.bytes.c_str(), more.c_str(),
                    ("\n" + frame.say("machine_view.walk_this")).c_str());
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) frame.state.set("machine.address", line.address);
}

}  // namespace

void draw_machine_code(Frame& frame, const MachineChoice& choice) {
  const Look& look = frame.look;
  const std::vector<MachineCode>& code = choice.processor->code;
  if (code.empty()) return ImGui::TextDisabled("%s", frame.say("machine_view.no_code").c_str());
  const std::vector<Branch> arrows = branches_of(code);
  ImGui::PushFont(look.mono);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  const Columns columns = columns_of(look, code, !arrows.empty());
  const float row = ImGui::GetTextLineHeight() + look.px(4), left = ImGui::GetCursorScreenPos().x;
  std::vector<float> middles;
  std::string function;
  for (const MachineCode& line : code) {
    if (const std::string now = function_of(line.symbol); now != function) {
      function = now;
      ImGui::SetCursorPosX(ImGui::GetCursorPosX() + columns.gutter);
      ImGui::TextColored(
          color_of(look.good), "%s",
          short_symbol(now + (now.empty() ? "" : ":"), ImGui::GetContentRegionAvail().x).c_str());
    }
    middles.push_back(ImGui::GetCursorScreenPos().y + row / 2);
    draw_line(frame, line, columns, row);
    if (line.current && ImGui::IsWindowAppearing()) ImGui::SetScrollHereY(0.4F);
  }
  for (const Branch& branch : arrows) draw_arrow(look, branch, left + columns.gutter - look.px(3), middles);
  ImGui::PopStyleVar();
  ImGui::PopFont();
}

}  // namespace hvlab::visualizer
