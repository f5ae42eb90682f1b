#include <algorithm>
#include <cmath>

#include "visualizer/exits_parts.hpp"

namespace hvlab::visualizer {

using views::CostHistogram;

namespace {

// Costs from left to right, each doubling as wide.
struct CostAxis {
  float left = 0, right = 0;
  double low = 0, high = 1;  // log2 of the costs at the ends

  float x(u64 cost) const {
    const double part = (std::log2(static_cast<double>(std::max<u64>(cost, 1))) - low) / (high - low);
    return left + static_cast<float>(part) * (right - left);
  }
};

constexpr unsigned kPerOctave = 4;

void draw_axis(const Frame& frame, const CostAxis& axis, float top, float bottom) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (u64 power = 1; std::log2(static_cast<double>(power)) <= axis.high; power *= 10) {
    if (std::log2(static_cast<double>(power)) < axis.low) continue;
    const float x = axis.x(power);
    list->AddLine({x, top}, {x, bottom}, frame.look.line);
    const std::string text = show_count(power);
    list->AddText({x + frame.look.px(3), bottom - ImGui::GetTextLineHeight()}, frame.look.faint,
                  text.c_str());
  }
}

void draw_strip(Frame& frame, const RunExits& it, const CostAxis& axis, float top, float bottom) {
  const views::ExitRow all = views::total(it.rows);
  const std::vector<CostHistogram::Bar> bars = all.costs.bars(kPerOctave);
  u64 most = 1;
  for (const CostHistogram::Bar& bar : bars) most = std::max(most, bar.count);
  const float heading = ImGui::GetTextLineHeight() + frame.look.px(2), room = bottom - top - heading;
  const views::Style style = views::style_of_series(static_cast<unsigned>(it.number));
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool over = ImGui::IsWindowHovered() && mouse.y > top && mouse.y <= bottom;
  {
    Fills fills(list, frame.look);
    for (const CostHistogram::Bar& bar : bars) {
      if (bar.count == 0) continue;
      const float x0 = axis.x(bar.from), x1 = std::max(axis.x(bar.until) - 1, x0 + 1);
      // The square root shows rare costs too.
      const float height = std::max(1.5F, room * static_cast<float>(std::sqrt(static_cast<double>(bar.count) /
                                                                              static_cast<double>(most))));
      fills.add({x0, bottom - height}, {x1, bottom}, style);
      if (!over || mouse.x < x0 || mouse.x > x1 + 1) continue;
      list->AddRectFilled({x0, top + heading}, {x1, bottom}, faded(frame.look.ink, 0.08F));
      ImGui::SetTooltip(
          "%s",
          frame.say("exits.bar", {show_count(bar.from), show_count(bar.until - 1), show_count(bar.count)})
              .c_str());
      if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
        frame.state.set("exits.least", std::to_string(bar.from));
        frame.state.set("exits.most", std::to_string(bar.until - 1));
        frame.state.set_number("exits.run", static_cast<long long>(it.number) + 1);
        frame.state.set_number("exits.page", 1);
      }
    }
  }
  list->AddLine({axis.left, bottom}, {axis.right, bottom}, frame.look.line);
  const std::string text =
      all.handled == 0
          ? it.run->name() + (it.why.empty() ? "" : ": " + it.why)
          : frame.say("exits.cost_of", {it.run->name(), show_count(all.count), show_count(all.percentile(50)),
                                        show_count(all.percentile(99))});
  list->AddText({axis.left, top}, frame.look.ink, text.c_str());
}

}  // namespace

void draw_exit_costs(Frame& frame, const std::vector<RunExits>& runs) {
  ImGui::TextDisabled("%s", frame.say("exits.cost_title").c_str());
  const ImVec2 corner = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  CostAxis axis{corner.x, corner.x + room.x, 63, 0};
  for (const RunExits& it : runs) {
    const views::ExitRow all = views::total(it.rows);
    if (all.handled == 0) continue;
    axis.low = std::min(axis.low, std::floor(std::log2(static_cast<double>(std::max<u64>(all.least, 1)))));
    axis.high = std::max(axis.high, std::ceil(std::log2(static_cast<double>(all.most + 1))));
  }
  if (axis.low >= axis.high) {
    axis.low = 0;
    axis.high = 20;
  }
  const float foot = ImGui::GetTextLineHeight() + frame.look.px(4), gap = frame.look.px(6);
  const float each = (room.y - foot) / static_cast<float>(std::max<size_t>(runs.size(), 1));
  draw_axis(frame, axis, corner.y, corner.y + room.y);
  for (size_t i = 0; i < runs.size(); ++i) {
    const float top = corner.y + each * static_cast<float>(i);
    draw_strip(frame, runs[i], axis, top, top + each - gap);
  }
}

}  // namespace hvlab::visualizer
