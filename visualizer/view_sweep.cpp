// A sweep: how a metric answers to what was varied, and what moves it most.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/views/sweep_curves.hpp"
#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

using views::SweepCurves;
using views::SweepPoint;

std::string folder_of(const Frame& frame) {
  if (std::string given = frame.state.option("sweep.folder"); !given.empty()) return given;
  for (const auto& run : frame.runs.runs)
    if (const auto found = views::sweep_folder_of(run->reader().path()); !found.empty()) return found;
  return "";
}

std::string show_value(double value, const std::string& unit) {
  if (unit == "s") return show_time(static_cast<PicosecondDelta>(std::llround(value * 1e12)));
  if (unit == "B") return show_bytes(value);
  return fmt::format("{:.4g}{}{}", value, unit.empty() ? "" : " ", unit);
}

// Steps of 1, 2 or 5 of a power of ten, about `most` of them.
double tick_step(double span, int most) {
  const double rough = span / most, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double step : {1.0, 2.0, 5.0})
    if (rough <= step * power) return step * power;
  return 10 * power;
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
  const double pad_y = y1 > y0 ? 0.08 * (y1 - y0) : std::max(std::abs(y1) * 0.1, 0.5);
  const double pad_x = x1 > x0 ? 0.04 * (x1 - x0) : std::max(std::abs(x1) * 0.1, 0.5);
  return {from, to, x0 - pad_x, x1 + pad_x, y0 == 0 ? 0 : y0 - pad_y, y1 + pad_y};
}

void draw_axes(const Frame& frame, const SweepCurves& curves, const Plot& plot) {
  const Look& look = frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float line = ImGui::GetTextLineHeight();
  const double step = tick_step(plot.y1 - plot.y0, 6);
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

std::string percent(double share) {
  return fmt::format("{:+.{}f}%", 100 * share, std::abs(share) < 0.0995 ? 2 : 1);
}

// Bars to both sides of what the metric is otherwise.
void draw_tornado(Frame& frame, const std::vector<views::Sensitivity>& all, float width) {
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

void combo(Frame& frame, const char* option, const std::string& chosen, const std::vector<std::string>& all,
           const std::string& label) {
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", label.c_str());
  ImGui::SameLine();
  ImGui::SetNextItemWidth(ImGui::CalcTextSize(chosen.c_str()).x + frame.look.px(50));
  if (ImGui::BeginCombo((std::string("##") + option).c_str(), chosen.c_str())) {
    for (const std::string& one : all)
      if (ImGui::Selectable(one.c_str(), one == chosen)) frame.state.set(option, one);
    ImGui::EndCombo();
  }
  ImGui::SameLine(0, frame.look.px(20));
}

std::string next_of(const std::vector<std::string>& all, const std::string& chosen) {
  const auto at = std::ranges::find(all, chosen);
  return at == all.end() || at + 1 == all.end() ? all.front() : *(at + 1);
}

std::string chosen_of(const Frame& frame, const char* option, const std::vector<std::string>& all,
                      const std::vector<std::string>& first) {
  std::string chosen = frame.state.option(option);
  if (std::ranges::find(all, chosen) != all.end()) return chosen;
  return first.empty() ? all.front() : first.front();
}

std::vector<Table> tables_of(const SweepCurves& curves, const std::vector<views::Sensitivity>& all) {
  const std::string unit = curves.unit.empty() ? "" : " (" + curves.unit + ")";
  Table points{.name = "curves", .columns = {"curve", curves.axis, curves.metric + unit, "cell"}, .rows = {}};
  for (const auto& curve : curves.curves)
    for (const SweepPoint& point : curve.points)
      points.rows.push_back({curve.name, point.label, fmt::format("{}", point.y),
                             point.cell ? std::to_string(*point.cell) : ""});
  Table moves{.name = "sensitivity of " + curves.metric,
              .columns = {"what", "assumed", "lowest share", "at", "highest share", "at", "elasticity"},
              .rows = {}};
  for (const views::Sensitivity& one : all)
    moves.rows.push_back({one.path, one.assumed ? "yes" : "no", fmt::format("{}", one.lower), one.lower_at,
                          fmt::format("{}", one.higher), one.higher_at,
                          one.elasticity ? fmt::format("{}", *one.elasticity) : ""});
  return {points, moves};
}

void draw_document(Frame& frame, const nlohmann::ordered_json& document, const std::string& folder) {
  const views::SweepChoices choices = views::sweep_choices(document);
  if (choices.metrics.empty() || choices.axes.empty())
    return nothing_to_show(frame, "view.sweep", frame.say("sweep.empty"));
  // What users wait for, if it was measured; else what the sweep moves most.
  const std::vector<std::string> first = std::ranges::count(choices.metrics, "workload.time") != 0
                                             ? std::vector<std::string>{"workload.time"}
                                             : choices.shown;
  const std::string metric = chosen_of(frame, "sweep.metric", choices.metrics, first);
  const std::string axis = chosen_of(frame, "sweep.axis", choices.axes, {});
  const auto& keyed = choices.shown.empty() ? choices.metrics : choices.shown;
  if (frame.pressed(GLFW_KEY_M)) frame.state.set("sweep.metric", next_of(keyed, metric));
  if (frame.pressed(GLFW_KEY_A)) frame.state.set("sweep.axis", next_of(choices.axes, axis));
  combo(frame, "sweep.metric", metric, choices.metrics, frame.say("sweep.metric"));
  combo(frame, "sweep.axis", axis, choices.axes, frame.say("sweep.axis"));
  std::string about = folder;
  if (choices.unfinished != 0)
    about += " · " + frame.say("sweep.unfinished", {std::to_string(choices.unfinished)});
  ImGui::TextDisabled("%s", about.c_str());

  const SweepCurves curves = views::sweep_curves(document, metric, axis);
  const std::vector<views::Sensitivity> all = views::sensitivities(document, metric);
  const Look& look = frame.look;
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float tornado = std::min(look.px(460), room.x * 0.36F);
  ImGui::BeginChild("curves", {room.x - tornado - look.px(24), 0});
  ImGui::PushFont(look.strong);
  ImGui::TextUnformatted((metric + (curves.means ? "  " + frame.say("sweep.means") : "")).c_str());
  ImGui::PopFont();
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
  ImGui::EndChild();
  ImGui::SameLine(0, look.px(24));
  ImGui::BeginChild("tornado", {0, 0});
  draw_tornado(frame, all, tornado - look.px(20));
  ImGui::EndChild();
  frame.status = frame.say("sweep.keys");
  if (frame.wants_tables) frame.tables = tables_of(curves, all);
}

}  // namespace

void draw_sweep(Frame& frame) {
  const std::string folder = folder_of(frame);
  if (folder.empty()) return nothing_to_show(frame, "view.sweep", frame.say("sweep.none"));
  const Answer& answer = frame.ask.ask({"sweep", "--show", folder, "--json"});
  if (answer.state == Answer::State::Waiting) {
    frame.loading = true;
    return nothing_to_show(frame, "view.sweep", frame.say("sweep.waiting"));
  }
  if (answer.state == Answer::State::Failed) return nothing_to_show(frame, "view.sweep", answer.error);
  try {
    draw_document(frame, answer.document, folder);
  } catch (const nlohmann::json::exception& error) {
    nothing_to_show(frame, "view.sweep", frame.say("sweep.strange", {error.what()}));
  }
}

}  // namespace hvlab::visualizer
