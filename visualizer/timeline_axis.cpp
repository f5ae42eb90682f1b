// What stands above and across the lanes: the map of the whole span, the ruler, cursor and markers; and the
// legend below.
#include <algorithm>
#include <cmath>
#include <set>

#include "sim/base/user_error.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

// The processors of a run as one row: what the map shows of it.
std::optional<views::LaneRow> map_row(const TimelineRun& kept) {
  for (const views::LaneRow& row : kept.rows)
    if (row.kind == views::LaneRow::Kind::Processors) return row;
  if (kept.rows.empty()) return std::nullopt;
  return kept.rows.front();
}

void paint_map(const Frame& frame, const TimelineShown& shown, const views::Columns& columns, int height) {
  TimelineRun& kept = *shown.kept;
  const std::string what = std::to_string(columns.from) + " " + std::to_string(columns.until) + " " +
                           std::to_string(columns.count) + (frame.look.dark ? " dark " : " ") +
                           std::to_string(height) + kept.choice.value_or("");
  if (kept.over == what) return;
  const auto row = map_row(kept);
  if (!row) return;
  views::LanePictures pictures;  // its tiles are not those of the lanes
  kept.whole = pictures.make(*shown.run, {*row}, columns, kept.ticks);
  const LaneSize size{.band = height, .gap = 0, .ticks = 0};
  std::vector<u32> pixels(static_cast<size_t>(columns.count) * static_cast<size_t>(size.height()));
  for (u32& count : kept.whole.front().exits) count = 0;
  for (u32& count : kept.whole.front().others) count = 0;
  paint_lane(kept.whole.front(), static_cast<u64>(columns.until - columns.from) / columns.count,
             styles_of_row(*shown.run->trace(), *row), frame.look, size, 0, pixels.data());
  kept.whole_image.load(static_cast<int>(columns.count), size.height(), pixels);
  kept.over = what;
}

// A flag with a letter at the ruler, a line across the lanes.
void draw_marker(Timeline& timeline, PicosecondDelta time, const char* letter, ImU32 color) {
  const Look& look = timeline.frame.look;
  const float x = std::round(timeline.area.x(time));
  if (x < timeline.area.left - 1 || x > timeline.area.right) return;
  const float side = look.px(16), top = timeline.area.top - look.px(19);
  timeline.list()->AddLine({x, timeline.area.top - look.px(4)}, {x, timeline.area.bottom}, color,
                           std::max(1.0F, look.px(1)));
  if (*letter == '\0') return;
  timeline.list()->AddRectFilled({x - side / 2, top}, {x + side / 2, top + side}, color, look.px(3));
  const ImVec2 size = look.strong->CalcTextSizeA(look.strong->FontSize, 1000, 0, letter);
  timeline.list()->AddText(look.strong, look.strong->FontSize, {x - size.x / 2, top + (side - size.y) / 2},
                           look.ground, letter);
}

}  // namespace

void draw_timeline_map(Timeline& timeline, float top, float height) {
  const auto [from, until] = timeline.frame.runs.span();
  if (until <= from) return;
  const Look& look = timeline.frame.look;
  TimeArea whole = timeline.area;
  whole.from = from;
  whole.until = std::max(until, from + views::narrowest(whole.columns()));
  const float inside = height - look.px(8);
  const int each = std::max(2, static_cast<int>(inside / static_cast<float>(timeline.runs.size())));
  for (size_t i = 0; i < timeline.runs.size(); ++i) {
    const TimelineShown& shown = timeline.runs[i];
    if (shown.run->trace() == nullptr || shown.kept->rows.empty()) continue;
    const auto origin = static_cast<PicosecondDelta>(shown.run->origin());
    try {
      paint_map(timeline.frame, shown, {whole.from + origin, whole.until + origin, whole.columns()},
                std::max(each - 1, 1));
    } catch (const UserError& error) {
      shown.kept->problem = error.what();
      continue;
    }
    shown.kept->whole_image.draw(timeline.list(),
                                 {whole.left, top + static_cast<float>(each) * static_cast<float>(i)}, 0,
                                 std::max(each - 1, 1));
  }
  const float foot = top + static_cast<float>(each) * static_cast<float>(timeline.runs.size()) + look.px(1);
  const float a = std::clamp(whole.x(timeline.area.from), whole.left, whole.right);
  const float b = std::clamp(whole.x(timeline.area.until), whole.left, whole.right);
  const ImU32 shade = faded(look.ground, 0.65F);
  timeline.list()->AddRectFilled({whole.left, top}, {a, foot}, shade);
  timeline.list()->AddRectFilled({b, top}, {whole.right, foot}, shade);
  timeline.list()->AddRect({a, top - 1}, {std::max(b, a + look.px(3)), foot}, look.accent, look.px(2), 0,
                           look.px(1.5F));
  if (timeline.frame.state.at)
    if (const float x = whole.x(*timeline.frame.state.at); whole.has(x))
      timeline.list()->AddLine({x, top}, {x, foot}, look.ink);
  const std::string text = timeline.frame.say("timeline.whole", {show_time(until - from)});
  timeline.list()->AddText({timeline.names, top + look.px(4)}, look.faint, text.c_str());
}

void draw_timeline_ruler(Timeline& timeline, float top) {
  const Look& look = timeline.frame.look;
  const TimeArea& area = timeline.area;
  const double pixels = static_cast<double>(area.right - area.left);
  const auto step = static_cast<PicosecondDelta>(
      round_step(std::max(1.0, static_cast<double>(area.until - area.from) / pixels * look.px(110))));
  const std::string span = timeline.frame.say("timeline.shown", {show_time(area.until - area.from)});
  timeline.list()->AddText({timeline.names, top + look.px(3)}, look.faint, span.c_str());
  PicosecondDelta time = area.from / step * step;
  while (time < area.from) time += step;
  for (; time < area.until; time += step) {
    const float x = std::round(area.x(time));
    timeline.list()->AddLine({x, area.top - look.px(5)}, {x, area.bottom}, faded(look.line, 0.7F));
    const std::string text = show_time(time, step);
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    if (x + width + look.px(4) < area.right)
      timeline.list()->AddText({x + look.px(4), top + look.px(3)}, look.faint, text.c_str());
  }
  timeline.list()->AddLine({area.left, area.top - 1}, {area.right, area.top - 1}, look.line);
}

void draw_timeline_lines(Timeline& timeline) {
  const Look& look = timeline.frame.look;
  const ViewState& state = timeline.frame.state;
  TimeArea& area = timeline.area;
  if (state.marker_a && state.marker_b) {
    const float a = std::clamp(area.x(std::min(*state.marker_a, *state.marker_b)), area.left, area.right);
    const float b = std::clamp(area.x(std::max(*state.marker_a, *state.marker_b)), area.left, area.right);
    timeline.list()->AddRectFilled({a, area.top}, {b, area.bottom}, faded(look.accent, 0.10F));
  }
  if (state.marker_a) draw_marker(timeline, *state.marker_a, "A", look.accent);
  if (state.marker_b) draw_marker(timeline, *state.marker_b, "B", look.accent);
  if (timeline.pointed_time && !timeline.frame.still) {
    const float x = std::round(area.x(*timeline.pointed_time));
    timeline.list()->AddLine({x, area.top}, {x, area.bottom}, faded(look.ink, 0.25F));
  }
  if (state.at) {
    draw_marker(timeline, *state.at, "", look.ink);
    const float x = std::round(area.x(*state.at));
    if (area.has(x))
      timeline.list()->AddTriangleFilled({x - look.px(5), area.top - look.px(8)},
                                         {x + look.px(5), area.top - look.px(8)}, {x, area.top}, look.ink);
  }
}

// How much of the lanes there is above and below.
void draw_timeline_scroll(Timeline& timeline) {
  const Look& look = timeline.frame.look;
  const float room = timeline.area.bottom - timeline.area.top;
  const float whole = timeline.lines.empty() ? 0 : timeline.lines.back().y + timeline.lines.back().height;
  if (whole <= room) return;
  const float left = timeline.area.right + look.px(2), width = look.px(4);
  const float top = timeline.area.top + timeline.scroll / whole * room,
              height = std::max(look.px(20), room / whole * room);
  timeline.list()->AddRectFilled({left, timeline.area.top}, {left + width, timeline.area.bottom},
                                 faded(look.line, 0.4F), width / 2);
  timeline.list()->AddRectFilled({left, top}, {left + width, top + height}, faded(look.faint, 0.6F),
                                 width / 2);
}

// The states that are in sight: what the colours and hatches mean.
void draw_timeline_legend(Timeline& timeline, float top) {
  const Look& look = timeline.frame.look;
  std::set<std::string> told;
  ImGui::SetCursorScreenPos({timeline.area.left, top + look.px(5)});
  const auto tell = [&](const views::Style& style, const std::string& words) {
    if (ImGui::GetCursorScreenPos().x + ImGui::CalcTextSize(words.c_str()).x + look.px(24) >
        timeline.area.right)
      return;
    legend(look, style, words);
    ImGui::SameLine(0, look.px(14));
  };
  for (const TimelineShown& shown : timeline.runs)
    for (const std::string& state : shown.kept->states)
      if (told.insert(state).second) tell(views::style_of(state), state_words(timeline.frame, state));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const std::string ticks[] = {timeline.frame.say("timeline.tick_exits"),
                               timeline.frame.say("timeline.tick_others")};
  float x = at.x;
  for (int i = 0; i < 2; ++i) {
    const float width = ImGui::CalcTextSize(ticks[i].c_str()).x;
    if (x + width + look.px(12) > timeline.area.right) break;
    timeline.list()->AddRectFilled({x, at.y + look.px(4)}, {x + look.px(2), at.y + look.px(12)},
                                   i == 0 ? look.bad : faded(look.faint, 0.6F));
    timeline.list()->AddText({x + look.px(7), at.y}, look.ink, ticks[i].c_str());
    x += width + look.px(21);
  }
}

}  // namespace hvlab::visualizer
