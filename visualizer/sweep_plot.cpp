// A sweep's curves: axes, names at their ends, points that can be pointed at.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "visualizer/parts.hpp"
#include "visualizer/sweep_parts.hpp"

namespace hvlab::visualizer {

using views::SweepCurves;
using views::SweepPoint;

namespace {

std::string show_value(double value, const std::string& unit) {
  if (unit == "s") return show_time(static_cast<PicosecondDelta>(std::llround(value * 1e12)));
  if (unit == "B") return show_bytes(value);
  return fmt::format("{:.4g}{}{}", value, unit.empty() ? "" : " ", unit);
}

struct Plot {
  ImVec2 from, to;  // of the plotted area
  double x0 = 0, x1 = 1, y0 = 0, y1 = 1;
  float x(double value) const {
    return from.x + (to.x - from.x) * static_cast<float>((value - x0) / (x1 - x0));
  }
  float y(double value) const {
    return to.y - (to.y - from.y) * static_cast<float>((value - y0) / (y1 - y0));
  }
};

// With room around the points; from 0 on if that does not hide how they differ.
Plot plot_of(const SweepCurves& curves, ImVec2 from, ImVec2 to) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  double x0 = kInf, x1 = -kInf, y0 = kInf, y1 = -kInf;
  for (const auto& curve : curves.curves)
    for (const SweepPoint& point : curve.points) {
      x0 = std::min(x0, point.x), x1 = std::max(x1, point.x);
      y0 = std::min(y0, point.y), y1 = std::max(y1, point.y);
    }
  if (y0 >= 0 && y0 < 0.5 * y1) y0 = 0;
  // Means that differ in their last bit are the same: steps between them would not move a double on.
  const auto differ = [](double low, double high) {
    return high - low > 1e-9 * std::max(std::abs(low), std::abs(high));
  };
  const double pad_y = differ(y0, y1) ? 0.08 * (y1 - y0) : std::max(std::abs(y1) * 0.1, 0.5);
  const double pad_x = differ(x0, x1) ? 0.04 * (x1 - x0) : std::max(std::abs(x1) * 0.1, 0.5);
  return {from, to, x0 - pad_x, x1 + pad_x, y0 == 0 ? 0 : y0 - pad_y, y1 + pad_y};
}

void draw_axes(const Frame& frame, const SweepCurves& curves, const Plot& plot) {
  const Look& look = frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float line = ImGui::GetTextLineHeight();
  const double step = round_step((plot.y1 - plot.y0) / 6);
  for (double y = std::ceil(plot.y0 / step) * step; y <= plot.y1; y += step) {
    list->AddLine({plot.from.x, plot.y(y)}, {plot.to.x, plot.y(y)}, faded(look.line, 0.7F));
    const std::string text = show_value(std::abs(y) < step * 1e-6 ? 0 : y, curves.unit);
    list->AddText({plot.from.x - look.px(8) - ImGui::CalcTextSize(text.c_str()).x, plot.y(y) - line / 2},
                  look.faint, text.c_str());
  }
  list->AddLine({plot.from.x, plot.to.y}, plot.to, look.faint);
  float free = plot.from.x - look.px(60);  // up to where labels have been written
  const auto label = [&](double x, const std::string& text) {
    const float width = ImGui::CalcTextSize(text.c_str()).x, left = plot.x(x) - width / 2;
    list->AddLine({plot.x(x), plot.to.y}, {plot.x(x), plot.to.y + look.px(4)}, look.faint);
    if (left < free) return;
    list->AddText({left, plot.to.y + look.px(7)}, look.ink, text.c_str());
    free = left + width + look.px(8);
  };
  std::vector<std::pair<double, std::string>> at;
  for (const auto& curve : curves.curves)
    for (const SweepPoint& point : curve.points) at.emplace_back(point.x, point.label);
  std::ranges::sort(at);
  at.erase(std::unique(at.begin(), at.end()), at.end());
  for (const auto& [x, text] : at) label(x, text);
  const float width = ImGui::CalcTextSize(curves.axis.c_str()).x;
  list->AddText({(plot.from.x + plot.to.x - width) / 2, plot.to.y + look.px(10) + line}, look.faint,
                curves.axis.c_str());
}

// Names at the curves' ends, pushed apart where they would lie upon each other.
void draw_names(const Frame& frame, const SweepCurves& curves, const Plot& plot) {
  struct Name {
    float y;
    size_t curve;
  };
  std::vector<Name> names;
  for (size_t i = 0; i < curves.curves.size(); ++i)
    if (!curves.curves[i].points.empty() && !curves.curves[i].name.empty())
      names.push_back({plot.y(curves.curves[i].points.back().y), i});
  std::ranges::sort(names, {}, &Name::y);
  const float line = ImGui::GetTextLineHeight();
  float free = plot.from.y - line;
  for (const Name& name : names) {
    const float y = std::max(name.y - line / 2, free);
    ImGui::GetWindowDrawList()->AddText({plot.to.x + frame.look.px(10), y}, frame.look.ink,
                                        curves.curves[name.curve].name.c_str());
    ImGui::GetWindowDrawList()->AddLine(
        {plot.x(curves.curves[name.curve].points.back().x), name.y},
        {plot.to.x + frame.look.px(7), y + line / 2},
        faded(frame.look.color(views::style_of_series(static_cast<unsigned>(name.curve))), 0.5F));
    free = y + line;
  }
}

void point_at(Frame& frame, const SweepCurves& curves, const views::SweepCurve& curve,
              const SweepPoint& point, const std::string& folder) {
  std::string text = curve.name.empty() ? "" : curve.name + "\n";
  text += fmt::format("{}: {}\n{}: {}", curves.axis, point.label, curves.metric,
                      show_value(point.y, curves.unit));
  if (point.cell) text += "\n" + frame.say("sweep.cell", {std::to_string(*point.cell)});
  ImGui::SetTooltip("%s", text.c_str());
  if (!point.run.empty() && ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
    frame.state.set("sweep.folder", folder);
    frame.open_runs = {views::cell_run(folder, point.run)};
    frame.state.view = "compare";
  }
}

void draw_curves(Frame& frame, const SweepCurves& curves, const Plot& plot, const std::string& folder) {
  const Look& look = frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (size_t i = 0; i < curves.curves.size(); ++i) {
    const views::SweepCurve& curve = curves.curves[i];
    const ImU32 color = look.color(views::style_of_series(static_cast<unsigned>(i)));
    for (size_t p = 1; p < curve.points.size(); ++p)
      list->AddLine({plot.x(curve.points[p - 1].x), plot.y(curve.points[p - 1].y)},
                    {plot.x(curve.points[p].x), plot.y(curve.points[p].y)}, color, look.px(2));
    for (const SweepPoint& point : curve.points) {
      const ImVec2 at{plot.x(point.x), plot.y(point.y)};
      // Curves are told apart by the shape of their points too.
      const int corners[] = {24, 4, 3, 6};
      list->AddNgonFilled(at, look.px(5), color, corners[i % std::size(corners)]);
      const float reach = look.px(9);
      if (ImGui::IsWindowHovered() &&
          ImGui::IsMouseHoveringRect({at.x - reach, at.y - reach}, {at.x + reach, at.y + reach})) {
        list->AddCircle(at, look.px(9), look.ink);
        point_at(frame, curves, curve, point, folder);
      }
    }
  }
}

}  // namespace

void draw_sweep_plot(Frame& frame, const SweepCurves& curves, const std::string& folder) {
  const Look& look = frame.look;
  float names = look.px(30);
  for (const auto& curve : curves.curves)
    names = std::max(names, ImGui::CalcTextSize(curve.name.c_str()).x + look.px(24));
  const ImVec2 at = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
  const float foot = 2 * ImGui::GetTextLineHeight() + look.px(18);
  const Plot plot = plot_of(curves, {at.x + look.px(90), at.y + look.px(10)},
                            {at.x + std::max(size.x - names, look.px(200)), at.y + size.y - foot});
  if (curves.curves.empty()) {
    ImGui::TextDisabled("%s", frame.say("sweep.no_result").c_str());
  } else {
    draw_axes(frame, curves, plot);
    draw_names(frame, curves, plot);
    draw_curves(frame, curves, plot, folder);
  }
}

}  // namespace hvlab::visualizer
