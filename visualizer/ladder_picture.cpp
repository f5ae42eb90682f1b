#include "visualizer/ladder_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::Ladder;
using views::Step;

namespace {

// Times along the top: since the request's begin, or where waits are cut only lengths.
void draw_axis(Frame& frame, const LadderArea& area, float y, float bottom) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const LadderScale& scale = *area.scale;
  const double pixels = static_cast<double>(area.right - area.left);
  const double step = std::max(
      1.0, round_step((scale.until - scale.from) * static_cast<double>(frame.look.px(110)) / pixels));
  for (double time = std::ceil((scale.from - scale.zero) / step - 1e-9) * step;
       time <= scale.until - scale.zero; time += step) {
    const float x = area.x(time + scale.zero);
    list->AddLine({x, y + ImGui::GetTextLineHeight()}, {x, bottom}, faded(frame.look.line, 0.7F));
    const std::string text =
        show_time(static_cast<PicosecondDelta>(time), static_cast<PicosecondDelta>(step));
    if (x + text_width(text) + frame.look.px(4) < area.right + frame.look.px(60))
      put_text(list, x + frame.look.px(4), y, frame.look.faint, text);
  }
}

// The line above a run's rungs: its name, and what can be said of the request as a whole.
std::string facts_text(const Frame& frame, const RunLadder& it) {
  const Ladder& ladder = it.ladder;
  const auto whole = static_cast<PicosecondDelta>(ladder.length);
  std::string text;
  if (it.group != nullptr) {
    text = show_time(whole) + "   ·   " + frame.say("ladder.cycles", {show_count(ladder.cycles)}) +
           "   ·   " + frame.say("ladder.exits", {show_count(ladder.crossings)});
    if (it.request.io.copy_known)
      text += "   ·   " + frame.say("ladder.copied", {show_bytes(static_cast<double>(it.request.io.copied))});
    text +=
        "   ·   " + frame.say("ladder.request_of", {std::to_string(it.chosen + 1), show_count(it.matching),
                                                    show_count(std::get<2>(it.group->key))});
  } else {
    text = frame.say("ladder.cycles", {show_count(ladder.cycles)}) + "   ·   " +
           frame.say("ladder.exit_of", {std::to_string(it.chosen + 1), show_count(it.matching)});
    if (const std::string what = views::qualification_text(it.exit); !what.empty()) text += "   ·   " + what;
    if (!it.exit.entered) text += "   ·   " + frame.say("ladder.not_entered");
  }
  return text;
}

void draw_heading(Frame& frame, const RunLadder& it, float y, float left, float right) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const Look& look = frame.look;
  const float side = look.px(9);
  const float x = ImGui::GetWindowPos().x + look.px(4);
  fill(list, look, {x, y + look.px(5)}, {x + side, y + look.px(5) + side},
       views::style_of_series(static_cast<unsigned>(it.number)));
  ImGui::PushFont(look.strong);
  put_text(list, x + side + look.px(7), y, look.ink, it.run->name());
  const float end = x + side + look.px(7) + text_width(it.run->name());
  ImGui::PopFont();
  const float begin = std::max(left, end + look.px(24));
  std::string text = it.ladder.steps.empty() ? "" : facts_text(frame, it);
  if (!it.problem.empty()) text += (text.empty() ? "" : "   ·   ") + it.problem;
  list->PushClipRect({begin, y - 2}, {right + look.px(150), y + look.px(24)}, true);
  put_text(list, begin, y, it.problem.empty() ? look.faint : look.bad, text);
  list->PopClipRect();
}

void say_why(Frame& frame, const RunLadder& it, float x, float y) {
  std::string text = it.why;
  if (it.loading >= 0) text = frame.say("ladder.loading", {fmt::format("{:.0f}", 100 * it.loading)});
  put_text(ImGui::GetWindowDrawList(), x, y, frame.look.faint, text);
}

void tell(const Frame& frame, const RunLadder& it, const Step& step) {
  const Look& look = frame.look;
  ImGui::BeginTooltip();
  ImGui::PushFont(look.strong);
  ImGui::TextUnformatted(step_text(frame, step.label).c_str());
  ImGui::PopFont();
  ImGui::TextDisabled("%s", rung_text(frame, it, step.rung).c_str());
  ImGui::TextUnformatted((show_time(static_cast<PicosecondDelta>(step.length())) + "   ·   " +
                          frame.say("ladder.cycles", {show_count(step.cycles)}))
                             .c_str());
  ImGui::TextDisabled("%s",
                      frame
                          .say("ladder.after", {show_time(static_cast<PicosecondDelta>(step.begin) -
                                                          static_cast<PicosecondDelta>(it.ladder.zero))})
                          .c_str());
  if (it.group != nullptr)
    ImGui::TextDisabled(
        "%s",
        frame.say("ladder.stage", {frame.say(std::string("ladder.stages.") + observe::name(step.stage))})
            .c_str());
  ImGui::TextDisabled("%s", frame.say("ladder.core", {std::to_string(step.core)}).c_str());
  ImGui::EndTooltip();
}

// Zoom with the wheel, move with the right or middle button, take the shared cursor with the left.
void take_mouse(Frame& frame, const LadderArea& area, const std::vector<RunLadder>& ladders, size_t hovered) {
  const ImGuiIO& io = ImGui::GetIO();
  const LadderScale& scale = *area.scale;
  double from = scale.from, until = scale.until;
  if (io.MouseWheel != 0) {
    const double at = area.place(io.MousePos.x), factor = std::pow(0.8, static_cast<double>(io.MouseWheel));
    from = at - (at - from) * factor;
    until = at + (until - at) * factor;
  } else if (ImGui::IsMouseDragging(ImGuiMouseButton_Middle) ||
             ImGui::IsMouseDragging(ImGuiMouseButton_Right)) {
    const double move = static_cast<double>(io.MouseDelta.x / (area.right - area.left)) * (until - from);
    from -= move;
    until -= move;
  }
  if (from != scale.from || until != scale.until) {
    const double width = std::clamp(until - from, 1000.0, scale.longest);
    from = std::clamp(from, 0.0, scale.longest - width);
    const bool whole = width >= scale.longest;
    frame.state.set("ladder.from", whole ? std::string() : std::to_string(static_cast<long long>(from)));
    frame.state.set("ladder.until",
                    whole ? std::string() : std::to_string(static_cast<long long>(from + width)));
  }
  if (!ImGui::IsMouseClicked(ImGuiMouseButton_Left) || hovered >= ladders.size()) return;
  const RunLadder& it = ladders[hovered];
  const Picoseconds time =
      views::time_at(it.ladder, scale.places[hovered], area.place(io.MousePos.x) - scale.shift[hovered]);
  frame.state.set_number("ladder.at", static_cast<long long>(area.place(io.MousePos.x)));
  frame.state.at = it.run->shared(it.ladder.began + time);
}

}  // namespace

std::string step_text(const Frame& frame, const std::string& label) {
  const std::string key = "ladder.hops." + label;
  return frame.say.has(key) ? frame.say(key) : label;
}

void draw_ladders(Frame& frame, const std::vector<RunLadder>& ladders, const LadderScale& scale,
                  std::optional<double> at, float height) {
  const Look& look = frame.look;
  const float heading = ImGui::GetTextLineHeight() + look.px(8), gap = look.px(12);
  size_t rows = 0;
  for (const RunLadder& it : ladders) rows += std::max<size_t>(it.ladder.rungs.size(), 1);
  const float axis = ImGui::GetTextLineHeight() + look.px(6);
  const float free = height - axis - static_cast<float>(ladders.size()) * (heading + gap) - look.px(8);
  ImGui::BeginChild("ladders", {0, height}, false, ImGuiWindowFlags_NoScrollWithMouse);
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  LadderArea area{corner.x + look.px(190), corner.x + width - look.px(160), 0, &scale};
  area.row = std::clamp(free / static_cast<float>(std::max<size_t>(rows, 1)),
                        ImGui::GetTextLineHeight() + look.px(4), look.px(34));
  float y = corner.y + axis;
  const float bottom =
      y + static_cast<float>(rows) * area.row + static_cast<float>(ladders.size()) * (heading + gap);
  draw_axis(frame, area, corner.y, bottom);
  if (scale.cut != 0)
    put_text(ImGui::GetWindowDrawList(), corner.x + look.px(4), corner.y, look.faint,
             frame.say("ladder.cut", {show_time(static_cast<PicosecondDelta>(scale.cut))}));
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool hovered = ImGui::IsWindowHovered();
  size_t over = ladders.size();
  for (size_t i = 0; i < ladders.size(); ++i) {
    const RunLadder& it = ladders[i];
    draw_heading(frame, it, y, area.left, area.right);
    y += heading;
    if (it.ladder.steps.empty()) {
      say_why(frame, it, area.left, y);
      y += area.row + gap;
      continue;
    }
    LadderWalk picture(frame, it, area, i, y, at);
    picture.draw();
    if (const Step* step = hovered ? picture.pointed(mouse) : nullptr; step != nullptr) {
      tell(frame, it, *step);
      over = i;
    }
    y += picture.height() + gap;
  }
  if (hovered) take_mouse(frame, area, ladders, over);
  ImGui::Dummy({1, y - corner.y});
  ImGui::EndChild();
}

}  // namespace hvlab::visualizer
