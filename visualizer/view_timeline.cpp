// The timeline: what every lane of every run did, on one time. docs/visualizer.md.
#include <GLFW/glfw3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <tuple>

#include "visualizer/live_bar.hpp"
#include "visualizer/timeline.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

// The text of an option in a field that is as long as `width`. True when Enter was pressed.
bool text_field(Frame& frame, const char* option, const std::string& hint, float width, bool focus) {
  std::array<char, 512> text{};
  const std::string now = frame.state.option(option);
  std::memcpy(text.data(), now.data(), std::min(now.size(), text.size() - 1));
  ImGui::SetNextItemWidth(width);
  if (focus) ImGui::SetKeyboardFocusHere();
  ImGui::PushID(option);
  const bool entered =
      ImGui::InputTextWithHint("##text", hint.c_str(), text.data(), text.size(),
                               ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
  if (ImGui::IsItemDeactivatedAfterEdit() || entered) frame.state.set(option, std::string(text.data()));
  ImGui::PopID();
  return entered;
}

struct Wishes {
  bool focus_search = false;
  int search = 0;  // 1: to the next that fits, -1: to the previous
};

// Only beside a run that goes on: whether the span goes on with it.
void follow_box(Frame& frame) {
  const std::vector<views::OpenRun*> shown = frame.shown();
  if (std::ranges::none_of(shown, [](const views::OpenRun* run) { return run->live(); })) return;
  const PicosecondDelta end = frame.runs.span().second;
  bool on = follows(frame.state, end);
  ImGui::SameLine();
  if (ImGui::Checkbox(frame.say("live.follow").c_str(), &on)) {
    frame.state.set("timeline.follow", on);
    if (on && frame.state.until) {
      const PicosecondDelta length = *frame.state.until - frame.span().first;
      frame.show_span(end - length, end);
    }
  }
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", frame.say("live.follow_words").c_str());
}

void bar_buttons(Frame& frame) {
  ImGui::SameLine(0, frame.look.px(16));
  if (ImGui::Button(frame.say("timeline.fit").c_str())) {
    frame.state.from.reset();
    frame.state.until.reset();
  }
  ImGui::SameLine();
  bool skew = frame.state.flag("timeline.skew");
  if (ImGui::Checkbox(frame.say("timeline.skew").c_str(), &skew)) frame.state.set("timeline.skew", skew);
  follow_box(frame);
  if (!frame.state.marker_a && !frame.state.marker_b) return;
  ImGui::SameLine(0, frame.look.px(16));
  if (ImGui::Button(frame.say("timeline.clear").c_str())) {
    frame.state.marker_a.reset();
    frame.state.marker_b.reset();
  }
}

Wishes draw_bar(Frame& frame) {
  Wishes wishes;
  const float field = std::min(frame.look.px(300), ImGui::GetContentRegionAvail().x / 4);
  text_field(frame, "timeline.filter", frame.say("timeline.filter_hint"), field, false);
  ImGui::SameLine();
  static bool focus = false;  // one frame later, so that the key itself is not typed
  if (text_field(frame, "timeline.search", frame.say("timeline.search_hint"), field, focus))
    wishes.search = 1;
  focus = frame.pressed_with(GLFW_KEY_SLASH, 0) && frame.keys;
  if (focus) frame.animate = true;
  ImGui::SameLine();
  if (ImGui::Button("‹")) wishes.search = -1;
  ImGui::SameLine(0, frame.look.px(2));
  if (ImGui::Button("›")) wishes.search = 1;
  bar_buttons(frame);
  if (frame.keys && frame.pressed_with(GLFW_KEY_N, 0)) wishes.search = 1;
  if (frame.keys && frame.pressed_with(GLFW_KEY_N, GLFW_MOD_SHIFT)) wishes.search = -1;
  return wishes;
}

float content_height(const std::vector<TimelineLine>& lines) {
  return lines.empty() ? 0 : lines.back().y + lines.back().height;
}

void point(Timeline& timeline) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (!ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem)) return;
  if (mouse.y < timeline.area.top || mouse.y >= timeline.area.bottom || mouse.x >= timeline.area.right)
    return;
  if (timeline.area.has(mouse.x)) timeline.pointed_time = timeline.area.time(mouse.x);
  for (size_t i = 0; i < timeline.lines.size(); ++i) {
    const float y = timeline.screen_y(timeline.lines[i]);
    if (mouse.y >= y && mouse.y < y + timeline.lines[i].height) timeline.pointed = i;
  }
}

void draw_all(Timeline& timeline, float map_top, float map_height, float ruler_top, float legend_top) {
  draw_timeline_map(timeline, map_top, map_height);
  draw_timeline_ruler(timeline, ruler_top);
  ImDrawList* list = timeline.list();
  list->PushClipRect({timeline.names, timeline.area.top}, {timeline.area.right, timeline.area.bottom}, true);
  draw_timeline_lanes(timeline);
  list->PushClipRect({timeline.area.left, timeline.area.top}, {timeline.area.right, timeline.area.bottom},
                     true);
  draw_timeline_records(timeline);
  list->PopClipRect();
  list->PopClipRect();
  draw_timeline_lines(timeline);
  draw_timeline_scroll(timeline);
  draw_timeline_legend(timeline, legend_top);
}

}  // namespace

void draw_timeline(Frame& frame) {
  if (frame.shown().empty()) return nothing_to_show(frame, "view.timeline");
  const Look& look = frame.look;
  const Wishes wishes = draw_bar(frame);
  const ImVec2 origin = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
  const bool measures = frame.state.marker_a && frame.state.marker_b;
  const float panel = measures ? std::round(std::min(look.px(340), size.x * 0.32F)) : 0;
  const float names = std::round(std::min(look.px(200), size.x * 0.25F));
  const float map = std::round(look.px(34)), ruler = std::round(look.px(22)),
              legend = std::round(look.px(26));

  Timeline timeline{
      .frame = frame, .area = {}, .names = std::round(origin.x), .runs = timeline_runs(frame), .lines = {}};
  timeline.area.left = timeline.names + names;
  timeline.area.right = std::round(origin.x + size.x - panel - look.px(8));
  timeline.area.top = std::round(origin.y) + map + ruler;
  timeline.area.bottom = std::round(origin.y + size.y - legend);
  if (timeline.area.right - timeline.area.left < 50 || timeline.area.bottom - timeline.area.top < 20) return;
  std::tie(timeline.area.from, timeline.area.until) = frame.span();
  const auto narrowest = views::narrowest(timeline.area.columns());
  timeline.area.until = std::max(timeline.area.until, timeline.area.from + narrowest);
  take_timeline_instructions(frame, timeline.area, timeline.runs);
  timeline.lines = timeline_lines(frame, timeline.runs);
  const float room = timeline.area.bottom - timeline.area.top;
  const float most = std::max(0.0F, content_height(timeline.lines) - room);
  timeline.scroll =
      std::round(std::clamp(look.px(static_cast<float>(frame.state.number("timeline.scroll"))), 0.0F, most));

  const float top = std::round(origin.y);
  point(timeline);
  draw_all(timeline, top, map, top + map, timeline.area.bottom);
  if (measures) draw_timeline_measure(timeline, timeline.area.right + look.px(12), panel);
  ImGui::SetCursorScreenPos({timeline.names, top});
  ImGui::InvisibleButton("##time", {timeline.area.right - timeline.names, timeline.area.bottom - top});
  take_timeline_mouse(timeline);
  take_timeline_keys(timeline);
  if (wishes.search != 0) timeline_search(timeline, wishes.search > 0);
  draw_timeline_hover(timeline);
  if (frame.wants_tables) timeline_tables(timeline);
  if (frame.status.empty()) frame.status = frame.say("timeline.help");
}

}  // namespace hvlab::visualizer
