// The line of time at the foot: what all hosts had to do, what happened as flags, the cursor to drag.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/cluster_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using record::ClusterTime;
using views::Box;
using views::EventClass;

constexpr float kFlags = 13, kNames = 118, kMostNames = 240;  // at scale 1

// Of many runs each gets less.
float curve_height(const ClusterView& view) { return view.runs.size() <= 3 ? 34 : 14; }

// Of several runs their names, which often differ at the end alone.
float names_width(const ClusterView& view) {
  float width = view.look().px(kNames);
  if (view.runs.size() > 1)
    for (const ClusterRun& run : view.runs)
      width = std::max(width, text_width(run.run->name()) + view.look().px(10));
  return std::min(width, view.look().px(kMostNames));
}

struct TimeLine {
  ClusterView& view;
  float left = 0, right = 0, top = 0, bottom = 0;

  float x(PicosecondDelta time) const {
    return left + (right - left) * static_cast<float>(static_cast<double>(time - view.from) /
                                                      static_cast<double>(view.until - view.from));
  }
  PicosecondDelta time(float at) const {
    const double part = std::clamp((at - left) / (right - left), 0.0F, 1.0F);
    return view.from + static_cast<PicosecondDelta>(part * static_cast<double>(view.until - view.from));
  }
};

std::pair<ClusterTime, ClusterTime> own_span(const ClusterView& view, const ClusterRun& run) {
  const ClusterTime from = run.run->own(view.from) / 1000;
  return {from, std::max(run.run->own(view.until) / 1000, from + 1)};
}

// 1, 2, 5, 10, 15, 30 of seconds and minutes, 1, 2, 3, 6, 12 hours, days.
ClusterTime clock_step(double least_ns) {
  constexpr ClusterTime kSecond = 1'000'000'000;
  if (least_ns < kSecond) return static_cast<ClusterTime>(std::max(1.0, round_step(std::max(least_ns, 1.0))));
  for (const u64 seconds :
       {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400})
    if (static_cast<double>(seconds * kSecond) >= least_ns) return seconds * kSecond;
  return static_cast<ClusterTime>(std::ceil(least_ns / 86400e9)) * 86400 * kSecond;
}

// Of the first run's own time.
void draw_ruler(const TimeLine& line, float top) {
  const ClusterView& view = line.view;
  const Look& look = view.look();
  const ClusterRun& run = view.runs.front();
  const auto [from, until] = own_span(view, run);
  const double each = static_cast<double>(until - from) / (line.right - line.left);
  const ClusterTime step = clock_step(each * look.px(92));
  for (ClusterTime time = (from + step - 1) / step * step; time <= until; time += step) {
    const float x = std::round(line.x(run.run->shared(views::picoseconds_of(time))));
    view.list()->AddLine({x, line.top}, {x, top + look.px(4)}, faded(look.line, 0.8F));
    std::string text = views::clock_text(time, step);
    if (step >= 60'000'000'000 && text.ends_with(":00")) text.resize(text.size() - 3);
    const float width = text_width(text), left = std::clamp(x - width / 2, line.left, line.right - width);
    view.list()->AddText({left, top + look.px(4)}, look.faint, text.c_str());
  }
}

void draw_flags(const TimeLine& line, const ClusterRun& run, float top) {
  const Look& look = line.view.look();
  const auto columns = static_cast<u32>(std::max(8.0F, (line.right - line.left) / look.px(3)));
  const auto span = own_span(line.view, run);
  ClusterKept& kept = *run.kept;
  if (kept.flags_of != span || kept.flags.columns != columns) {
    kept.flags_of = span;
    kept.flags = views::flags_of(*run.reader, span.first, span.second, columns);
  }
  // Rounds, looks of the balancer and what is ordinary are no flags; the dearest class of a column is on top.
  constexpr EventClass kShown[] = {EventClass::Host, EventClass::Refusal, EventClass::Move,
                                   EventClass::Availability, EventClass::Fault};
  const float each = (line.right - line.left) / static_cast<float>(columns);
  for (const EventClass what : kShown) {
    const ImU32 color = look.color(views::style_of(what));
    const bool pole = what == EventClass::Fault || what == EventClass::Availability;
    for (u32 column = 0; column < columns; ++column) {
      if (kept.flags.at(what, column) == 0) continue;
      const float x = line.left + each * static_cast<float>(column);
      const float height = look.px(pole ? 12 : 7);
      line.view.list()->AddRectFilled({x, top + look.px(kFlags) - height},
                                      {x + std::max(2.0F, each - 1), top + look.px(kFlags)}, color);
      if (what == EventClass::Fault)
        line.view.list()->AddTriangleFilled({x, top + look.px(1)}, {x + look.px(7), top + look.px(4)},
                                            {x, top + look.px(7)}, color);
    }
  }
}

void draw_run_curve(const TimeLine& line, const ClusterRun& run, const Box& box) {
  ClusterView& view = line.view;
  const Look& look = view.look();
  const auto columns = static_cast<u32>(std::clamp(box.width() / look.px(1.5F), 16.0F, 1200.0F));
  const auto [from, until] = own_span(view, run);
  views::TotalCurves& kept = run.kept->wide;
  if (kept.from != from || kept.until != until || kept.columns != columns)
    kept = run.kept->totals.curves(*run.reader, from, until, columns);
  const std::string chosen = view.frame.state.option("cluster.colour");
  const std::vector<float>& curve = chosen == "memory"  ? kept.memory
                                    : chosen == "power" ? kept.power
                                                        : kept.wanted;
  float most = chosen == "power" ? 0.0F : 1.0F;
  if (chosen == "power")
    for (const record::HostFacts& host : run.facts().hosts) most += static_cast<float>(host.full_mw) / 1000;
  draw_curve(view.list(), box, curve.data(), columns, most, look.color(views::style_of_series(run.number)),
             look.bad);
}

void draw_names(const TimeLine& line, const ClusterRun& run, float left, const Box& box) {
  const Look& look = line.view.look();
  const std::string what = line.view.frame.say("cluster." + line.view.frame.state.option("cluster.colour"));
  const bool several = line.view.runs.size() > 1;
  const std::string text = several ? run.run->name() : what;
  line.view.list()->AddText({left, box.top + look.px(8)}, look.faint,
                            fitted(text, line.left - left - look.px(8)).c_str());
}

void take_mouse(const TimeLine& line) {
  ClusterView& view = line.view;
  ImGui::SetCursorScreenPos({line.left, line.top});
  ImGui::InvisibleButton("##time",
                         {std::max(1.0F, line.right - line.left), std::max(1.0F, line.bottom - line.top)});
  if (ImGui::IsItemActive()) view.frame.state.at = line.time(ImGui::GetIO().MousePos.x);
  if (!ImGui::IsItemHovered()) return;
  const PicosecondDelta at = line.time(ImGui::GetIO().MousePos.x);
  const ClusterTime own = view.runs.front().run->own(at) / 1000;
  view.frame.status = view.frame.say(
      "cluster.time_hint",
      {views::clock_text(own, static_cast<ClusterTime>((view.until - view.from) / 2'000'000))});
  const float wheel = ImGui::GetIO().MouseWheel;
  if (wheel == 0) return;
  const auto [first, last] = view.frame.runs.span();
  const double factor = wheel > 0 ? 0.8 : 1.25;
  const double length = std::clamp(static_cast<double>(view.until - view.from) * factor, 1e9,
                                   static_cast<double>(std::max<PicosecondDelta>(last - first, 1)));
  const double part = static_cast<double>(at - view.from) / static_cast<double>(view.until - view.from);
  const double from = std::clamp(static_cast<double>(at) - part * length, static_cast<double>(first),
                                 std::max(static_cast<double>(first), static_cast<double>(last) - length));
  view.frame.show_span(static_cast<PicosecondDelta>(from), static_cast<PicosecondDelta>(from + length));
}

}  // namespace

float cluster_time_height(const ClusterView& view) {
  const Look& look = view.look();
  return static_cast<float>(view.runs.size()) * look.px(curve_height(view) + kFlags + 4) +
         ImGui::GetTextLineHeight() + look.px(8);
}

void draw_cluster_time(ClusterView& view, float top) {
  const Look& look = view.look();
  const float names = ImGui::GetWindowPos().x;
  const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
  TimeLine line{.view = view,
                .left = names + names_width(view),
                .right = right - look.px(2),
                .top = top,
                .bottom = top};
  line.bottom = top + static_cast<float>(view.runs.size()) * look.px(curve_height(view) + kFlags + 4);
  draw_ruler(line, line.bottom);
  float y = top;
  for (const ClusterRun& run : view.runs) {
    draw_flags(line, run, y);
    const Box box{line.left, y + look.px(kFlags + 1), line.right, y + look.px(kFlags + curve_height(view))};
    draw_run_curve(line, run, box);
    draw_names(line, run, names, box);
    y += look.px(curve_height(view) + kFlags + 4);
  }
  const float x = std::round(line.x(view.at));
  if (x >= line.left && x <= line.right) {
    view.list()->AddLine({x, top}, {x, line.bottom}, look.ink, std::max(1.0F, look.px(1.5F)));
    view.list()->AddTriangleFilled({x - look.px(5), top - look.px(4)}, {x + look.px(5), top - look.px(4)},
                                   {x, top + look.px(3)}, look.ink);
  }
  take_mouse(line);
}

}  // namespace hvlab::visualizer
