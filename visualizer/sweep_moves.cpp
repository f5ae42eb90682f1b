// What moves a sweep's metric most.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/sweep_parts.hpp"

namespace hvlab::visualizer {

namespace {

std::string percent(double share) {
  return fmt::format("{:+.{}f}%", 100 * share, std::abs(share) < 0.0995 ? 2 : 1);
}

}  // namespace

void draw_sweep_moves(Frame& frame, const std::vector<views::Sensitivity>& all, float width) {
  const Look& look = frame.look;
  ImGui::PushFont(look.strong);
  ImGui::TextUnformatted(frame.say("sweep.moves").c_str());
  ImGui::PopFont();
  ImGui::PushTextWrapPos(0);
  ImGui::TextDisabled("%s", frame.say("sweep.moves_how").c_str());
  ImGui::PopTextWrapPos();
  if (all.empty()) return ImGui::TextDisabled("%s", frame.say("sweep.unmoved").c_str());
  double most = 0;
  for (const auto& one : all) most = std::max({most, -one.lower, one.higher});
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float line = ImGui::GetTextLineHeight(), bar = look.px(14);
  const float side = look.px(68), half = (width - 2 * side) / 2;
  for (const views::Sensitivity& one : all) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float middle = at.x + side + half, top = at.y + line + look.px(2);
    std::string title = one.path;
    if (one.assumed) title += "  " + frame.say("sweep.assumed");
    if (one.elasticity)
      title += "  " + frame.say("sweep.elasticity", {fmt::format("{:.2f}", *one.elasticity)});
    list->AddText(at, look.ink, title.c_str());
    const float low = middle + half * static_cast<float>(one.lower / most);
    const float high = middle + half * static_cast<float>(one.higher / most);
    fill(list, look, {low, top}, {middle, top + bar}, views::style_of_series(0));
    fill(list, look, {middle, top}, {high, top + bar}, views::style_of("vmm-process"));
    list->AddLine({middle, top - look.px(1)}, {middle, top + bar + look.px(1)}, look.ink);
    const std::string lower = percent(one.lower), higher = percent(one.higher);
    if (one.lower < 0)
      list->AddText({low - look.px(5) - ImGui::CalcTextSize(lower.c_str()).x, top - look.px(1)}, look.faint,
                    lower.c_str());
    if (one.higher > 0) list->AddText({high + look.px(5), top - look.px(1)}, look.faint, higher.c_str());
    ImGui::Dummy({width, line + bar + look.px(8)});
    if (ImGui::IsItemHovered())
      ImGui::SetTooltip("%s\n%s %s\n%s %s", one.path.c_str(), one.lower_at.c_str(), lower.c_str(),
                        one.higher_at.c_str(), higher.c_str());
  }
}

}  // namespace hvlab::visualizer
