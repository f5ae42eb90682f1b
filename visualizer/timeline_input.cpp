// Keys and mouse of the timeline.
#include <GLFW/glfw3.h>

#include <algorithm>
#include <cmath>

#include "sim/base/user_error.hpp"
#include "sim/record/record_text.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

// So much of the span to both sides of all runs can be seen.
constexpr double kAround = 0.5;

void show(Timeline& timeline, double from, double length) {
  const auto [first, last] = timeline.frame.runs.span();
  const double whole = std::max(1.0, static_cast<double>(last - first));
  length = std::clamp(length, static_cast<double>(views::narrowest(timeline.area.columns())),
                      whole * (1 + 2 * kAround));
  from = std::clamp(from, static_cast<double>(first) - whole * kAround,
                    static_cast<double>(last) + whole * kAround - length);
  const auto begin = static_cast<PicosecondDelta>(std::llround(from));
  timeline.frame.show_span(begin, begin + static_cast<PicosecondDelta>(std::llround(length)));
}

void zoom(Timeline& timeline, double factor, PicosecondDelta at) {
  const TimeArea& area = timeline.area;
  const double length = static_cast<double>(area.until - area.from);
  const double part = static_cast<double>(at - area.from) / length;
  const double wanted = std::max(length * factor, static_cast<double>(views::narrowest(area.columns())));
  show(timeline, static_cast<double>(at) - part * wanted, wanted);
}

void pan(Timeline& timeline, double part) {
  const TimeArea& area = timeline.area;
  const double length = static_cast<double>(area.until - area.from);
  show(timeline, static_cast<double>(area.from) + part * length, length);
}

// Where keys zoom: at the mouse, else at the cursor, else in the middle.
PicosecondDelta focus(const Timeline& timeline) {
  const auto& at = timeline.frame.state.at;
  if (timeline.pointed_time) return *timeline.pointed_time;
  if (at && timeline.area.has_time(*at)) return *at;
  return timeline.area.from + (timeline.area.until - timeline.area.from) / 2;
}

void scroll(Timeline& timeline, float units) {
  const auto now = static_cast<float>(timeline.frame.state.number("timeline.scroll"));
  const float room = timeline.area.bottom - timeline.area.top;
  const float height = timeline.lines.empty() ? 0 : timeline.lines.back().y + timeline.lines.back().height;
  const float most = std::max(0.0F, height - room) / timeline.frame.look.scale;
  timeline.frame.state.set_number("timeline.scroll",
                                  std::lround(std::clamp(now + units, 0.0F, std::ceil(most))));
}

void toggle(Frame& frame, const std::string& key) {
  std::string list = ";" + frame.state.option("timeline.toggled") + ";";
  const std::string one = ";" + key + ";";
  if (const size_t at = list.find(one); at != std::string::npos)
    list.replace(at, one.size(), ";");
  else
    list += key + ";";
  const size_t begin = list.find_first_not_of(';'), end = list.find_last_not_of(';');
  frame.state.set("timeline.toggled",
                  begin == std::string::npos ? std::string() : list.substr(begin, end - begin + 1));
}

void click(Timeline& timeline) {
  if (timeline.pointed_time) {
    timeline.frame.state.at = timeline.pointed_time;
    return;
  }
  if (!timeline.pointed) return;
  const TimelineLine& line = timeline.lines[*timeline.pointed];
  if (line.kind != TimelineLine::Kind::Row) return;
  const views::LaneRow& row = timeline.runs[line.run].kept->rows[line.index];
  if (row.heading()) toggle(timeline.frame, row.key);
}

// The first marker that is not there, else B.
void set_next_marker(ViewState& state, PicosecondDelta time) {
  if (!state.marker_a)
    state.marker_a = time;
  else
    state.marker_b = time;
}

// Above the lanes is the map: a click there goes there.
bool take_map(Timeline& timeline, ImVec2 mouse, float map_bottom) {
  if (mouse.y >= map_bottom || !timeline.area.has(mouse.x)) return false;
  const auto [from, until] = timeline.frame.runs.span();
  const double part =
      static_cast<double>((mouse.x - timeline.area.left) / (timeline.area.right - timeline.area.left));
  const double middle = static_cast<double>(from) + part * static_cast<double>(until - from);
  const double length = static_cast<double>(timeline.area.until - timeline.area.from);
  show(timeline, middle - length / 2, length);
  return true;
}

}  // namespace

void take_timeline_mouse(Timeline& timeline) {
  const ImGuiIO& io = ImGui::GetIO();
  static bool on_map = false;
  static ImVec2 last;
  const float map_bottom = timeline.area.top - timeline.frame.look.px(22);
  if (ImGui::IsItemActivated()) {
    on_map = io.MousePos.y < map_bottom;
    last = io.MousePos;
  }
  if (ImGui::IsItemActive() && on_map) {
    take_map(timeline, io.MousePos, 1e9F);
  } else if (ImGui::IsItemActive() && ImGui::IsMouseDragging(0)) {
    if (io.KeyShift) {
      timeline.frame.state.marker_a = timeline.area.time(io.MouseClickedPos[0].x);
      timeline.frame.state.marker_b = timeline.area.time(io.MousePos.x);
    } else {
      pan(timeline, static_cast<double>(last.x - io.MousePos.x) /
                        static_cast<double>(timeline.area.right - timeline.area.left));
      scroll(timeline, (last.y - io.MousePos.y) / timeline.frame.look.scale);
    }
    last = io.MousePos;
  }
  const bool moved =
      std::abs(io.MousePos.x - io.MouseClickedPos[0].x) + std::abs(io.MousePos.y - io.MouseClickedPos[0].y) >
      5;
  if (ImGui::IsItemDeactivated() && !moved && !on_map) click(timeline);
  if (io.MouseWheel == 0 || !ImGui::IsItemHovered()) return;
  if (timeline.pointed_time && !io.KeyShift)
    zoom(timeline, std::pow(0.8, static_cast<double>(io.MouseWheel)), *timeline.pointed_time);
  else
    scroll(timeline, -io.MouseWheel * 60);
}

void take_timeline_keys(Timeline& timeline) {
  Frame& frame = timeline.frame;
  ViewState& state = frame.state;
  const auto key = [&](int one, int other) { return frame.pressed(one) || frame.pressed(other); };
  if (frame.pressed(GLFW_KEY_W)) zoom(timeline, 0.7, focus(timeline));
  if (frame.pressed(GLFW_KEY_S)) zoom(timeline, 1 / 0.7, focus(timeline));
  if (key(GLFW_KEY_A, GLFW_KEY_LEFT)) pan(timeline, -0.15);
  if (key(GLFW_KEY_D, GLFW_KEY_RIGHT)) pan(timeline, 0.15);
  if (frame.pressed(GLFW_KEY_UP)) scroll(timeline, -60);
  if (frame.pressed(GLFW_KEY_DOWN)) scroll(timeline, 60);
  if (frame.pressed(GLFW_KEY_F)) {
    state.from.reset();
    state.until.reset();
  }
  if (frame.pressed(GLFW_KEY_I)) {  // the other way round than it is
    const bool shown = std::ranges::any_of(
        timeline.runs, [](const TimelineShown& one) { return one.kept->instructions.wanted; });
    state.set("timeline.instructions", shown ? "no" : "yes");
  }
  const PicosecondDelta here = state.at.value_or(focus(timeline));
  if (frame.pressed(GLFW_KEY_M)) set_next_marker(state, here);
  if (frame.pressed(GLFW_KEY_LEFT_BRACKET)) state.marker_a = here;
  if (frame.pressed(GLFW_KEY_RIGHT_BRACKET)) state.marker_b = here;
  if (key(GLFW_KEY_BACKSPACE, GLFW_KEY_DELETE)) {
    state.marker_a.reset();
    state.marker_b.reset();
  }
}

bool timeline_search(Timeline& timeline, bool forwards) {
  Frame& frame = timeline.frame;
  const std::string text = frame.state.option("timeline.search");
  const PicosecondDelta here = frame.state.at.value_or(forwards ? timeline.area.from : timeline.area.until);
  std::optional<PicosecondDelta> best;
  if (text.empty()) return false;
  for (const TimelineShown& shown : timeline.runs) {
    if (shown.run->trace() == nullptr) continue;
    const PicosecondDelta own = here + static_cast<PicosecondDelta>(shown.run->origin());
    try {
      const views::RecordSearch search(*shown.run->trace(), text);
      if (own < 0 && !forwards) continue;
      const auto found = !forwards ? search.previous(static_cast<Picoseconds>(own))
                         : own < 0 ? search.first()
                                   : search.next(static_cast<Picoseconds>(own));
      if (!found) continue;
      const PicosecondDelta time = shown.run->shared(found->time);
      if (best && (forwards ? time >= *best : time <= *best)) continue;
      best = time;
      frame.status = shown.run->name() + ": " + record::record_text(*shown.run->trace(), *found);
    } catch (const UserError& error) {
      shown.kept->problem = error.what();
    }
  }
  if (!best) {
    frame.status = frame.say("timeline.not_found", {text});
    return false;
  }
  frame.state.at = best;
  if (!timeline.area.has_time(*best)) {
    const double length = static_cast<double>(timeline.area.until - timeline.area.from);
    show(timeline, static_cast<double>(*best) - length / 2, length);
  }
  return true;
}

}  // namespace hvlab::visualizer
