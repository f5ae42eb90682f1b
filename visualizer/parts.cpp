#include "visualizer/parts.hpp"

#include <algorithm>
#include <cmath>

namespace hvlab::visualizer {

bool choose(Frame& frame, const char* option, const Choices& choices) {
  bool changed = false;
  const std::string now = frame.state.option(option);
  ImGui::PushID(option);
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto& [value, text] = choices[i];
    if (i != 0) ImGui::SameLine(0, frame.look.px(2));
    ImGui::PushStyleColor(ImGuiCol_Button, value == now ? faded(frame.look.accent, 0.22F) : frame.look.panel);
    if (ImGui::Button(text.c_str()) && value != now) {
      frame.state.set(option, value);
      changed = true;
    }
    ImGui::PopStyleColor();
  }
  ImGui::PopID();
  return changed;
}

bool choose_from(Frame& frame, const char* option, const Choices& choices, float width,
                 const std::string& unset) {
  const std::string now = frame.state.option(option);
  const auto chosen = std::ranges::find(choices, now, &Choices::value_type::first);
  const std::string& text = chosen != choices.end() ? chosen->second : unset.empty() ? now : unset;
  ImGui::SetNextItemWidth(frame.look.px(width));
  if (!ImGui::BeginCombo((std::string("##") + option).c_str(), text.c_str(), ImGuiComboFlags_HeightLarge))
    return false;
  bool changed = false;
  for (const auto& [value, shown] : choices) {
    if (!ImGui::Selectable(shown.c_str(), value == now) || value == now) continue;
    frame.state.set(option, value);
    changed = true;
  }
  ImGui::EndCombo();
  return changed;
}

void header_row(const Look& look, u32 left) {
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  for (int column = 0; column < ImGui::TableGetColumnCount(); ++column) {
    ImGui::TableSetColumnIndex(column);
    const std::string name = ImGui::TableGetColumnName(column);
    const std::string text = name.substr(0, name.find("##"));
    const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(text.c_str()).x;
    if ((left >> column & 1) == 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(room, 0.0F));
    ImGui::PushStyleColor(ImGuiCol_Text, look.faint);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
  }
}

void right_text(const Look& look, const std::string& text, bool faint) {
  ImGui::PushFont(look.mono);
  const float room = ImGui::GetContentRegionAvail().x;
  const std::string shown = fitted(text, room + 1);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(room - text_width(shown), 0.0F));
  faint ? ImGui::TextDisabled("%s", shown.c_str()) : ImGui::TextUnformatted(shown.c_str());
  ImGui::PopFont();
}

float text_width(const std::string& text) { return ImGui::CalcTextSize(text.c_str()).x; }

std::string fitted(const std::string& text, float width) {
  if (text_width(text) <= width) return text;
  std::vector<size_t> ends;  // where characters begin: it may be cut before each
  for (size_t i = 0; i < text.size(); ++i)
    if ((static_cast<u8>(text[i]) & 0xC0) != 0x80) ends.push_back(i);
  const auto cut = [&](size_t end) { return text.substr(0, end) + "…"; };
  // The longest that fits: the more of it, the wider.
  const auto after =
      std::ranges::partition_point(ends, [&](size_t end) { return text_width(cut(end)) <= width; });
  return after == ends.begin() ? "" : cut(*(after - 1));
}

double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least) return factor * power;
  return 10 * power;
}

void bar_cell(const Look& look, double value, double largest, const std::string& text) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const float part = largest > 0 ? static_cast<float>(value / largest) : 0;
  ImGui::GetWindowDrawList()->AddRectFilled(
      at, {at.x + width * std::min(part, 1.0F), at.y + ImGui::GetTextLineHeight()},
      faded(look.accent, 0.16F));
  right_text(look, text);
}

}  // namespace hvlab::visualizer
