#include "visualizer/ladder_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hvlab::visualizer {

using views::Ladder;
using views::Rung;
using views::Step;

namespace {

// What of the picture is where.
struct Area {
  float left = 0, right = 0;  // of the steps
  float row = 0;              // height of a rung
  const LadderScale* scale = nullptr;

  float x(double place) const {
    const double part = (place - scale->from) / (scale->until - scale->from);
    return left + static_cast<float>(std::clamp(part, -0.01, 1.01) * static_cast<double>(right - left));
  }
  double place(float at) const {
    return scale->from + (scale->until - scale->from) * static_cast<double>((at - left) / (right - left));
  }
};

std::string rung_text(const Frame& frame, Rung rung, unsigned system) {
  const std::string own = std::string("ladder.rungs_own.") + name(rung);
  return system == 0 && frame.say.has(own) ? frame.say(own)
                                           : frame.say(std::string("ladder.rungs.") + name(rung));
}

float text_width(const std::string& text) { return ImGui::CalcTextSize(text.c_str()).x; }

void put_text(ImDrawList* list, float x, float y, ImU32 color, const std::string& text) {
  list->AddText({std::round(x), std::round(y)}, color, text.c_str());
}

double nice_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0})
    if (power * times >= least) return power * times;
  return power * 10;
}

// Times along the top: since the request's begin, or where waits are cut only lengths.
void draw_axis(Frame& frame, const Area& area, float y, float bottom) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const LadderScale& scale = *area.scale;
  const double pixels = static_cast<double>(area.right - area.left);
  const double step =
      std::max(1.0, nice_step((scale.until - scale.from) * static_cast<double>(frame.look.px(110)) / pixels));
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

// Where a wait was cut: two slanted lines across the step.
void draw_cut(const Frame& frame, float x, float top, float bottom) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float slant = frame.look.px(3), gap = frame.look.px(4);
  list->AddQuadFilled({x - slant, bottom + 1}, {x + slant, top - 1}, {x + slant + gap, top - 1},
                      {x - slant + gap, bottom + 1}, frame.look.ground);
  for (const float move : {0.0F, gap})
    list->AddLine({x - slant + move, bottom + 1}, {x + slant + move, top - 1}, frame.look.faint,
                  frame.look.px(1));
}

class LadderPicture {
 public:
  LadderPicture(Frame& frame, const RunLadder& it, const Area& area, size_t index, float top,
                std::optional<double> at)
      : frame_(frame), it_(it), ladder_(it.ladder), area_(area), index_(index), top_(top), at_(at) {
    if (at) walked_ = views::time_at(ladder_, area.scale->places[index], *at - shift());
    rows_.fill(-1);
    for (size_t i = 0; i < ladder_.rungs.size(); ++i)
      rows_[static_cast<size_t>(ladder_.rungs[i])] = static_cast<float>(i);
  }

  float height() const { return static_cast<float>(ladder_.rungs.size()) * area_.row; }

  void draw() {
    draw_rungs();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->PushClipRect({area_.left, top_ - area_.row}, {area_.right + 1, top_ + height() + area_.row}, true);
    draw_steps();
    if (at_) draw_token();
    list->PopClipRect();
  }

  /// The step at the pointer; null if it is nowhere near.
  const Step* pointed(ImVec2 mouse) const {
    if (mouse.x < area_.left || mouse.x > area_.right || mouse.y < top_ || mouse.y > top_ + height())
      return nullptr;
    const double place = area_.place(mouse.x) - shift();
    const std::vector<Picoseconds>& places = area_.scale->places[index_];
    if (ladder_.steps.empty() || place < 0 || place > static_cast<double>(places.back())) return nullptr;
    const auto after = std::ranges::upper_bound(places, static_cast<Picoseconds>(place));
    const auto i =
        std::min<size_t>(static_cast<size_t>(after - places.begin()) - 1, ladder_.steps.size() - 1);
    return &ladder_.steps[i];
  }

 private:
  double shift() const { return area_.scale->shift[index_]; }
  float row_top(Rung rung) const { return top_ + rows_[static_cast<size_t>(rung)] * area_.row; }
  float x_of(size_t step) const {
    return area_.x(static_cast<double>(area_.scale->places[index_][step]) + shift());
  }

  void draw_rungs() {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const views::Moment now = views::moment_at(ladder_, std::min(walked_, ladder_.length));
    const float pad = (area_.row - ImGui::GetTextLineHeight()) / 2;
    const bool request = it_.group != nullptr;
    for (const Rung rung : ladder_.rungs) {
      const float y = row_top(rung);
      const bool here = at_ && !now.over && ladder_.steps[now.step].rung == rung;
      if (here)
        list->AddRectFilled({area_.left - frame_.look.px(190), y},
                            {area_.right + frame_.look.px(160), y + area_.row},
                            faded(frame_.look.accent, 0.10F));
      list->AddLine({area_.left, y + area_.row / 2}, {area_.right, y + area_.row / 2},
                    faded(frame_.look.line, 0.8F));
      const std::string text = rung_text(frame_, rung, request ? it_.request.io.system : 1);
      put_text(list, area_.left - frame_.look.px(12) - text_width(text), y + pad,
               here ? frame_.look.ink : frame_.look.faint, text);
      const auto spent = static_cast<PicosecondDelta>(now.spent[static_cast<size_t>(rung)]);
      const std::string time = spent == 0 ? "–" : show_time(spent);
      ImGui::PushFont(frame_.look.mono);
      put_text(list, area_.right + frame_.look.px(92) - text_width(time), y + pad, frame_.look.ink, time);
      const std::string share = ladder_.length == 0
                                    ? ""
                                    : fmt::format("{:.0f} %", 100.0 * static_cast<double>(spent) /
                                                                  static_cast<double>(ladder_.length));
      put_text(list, area_.right + frame_.look.px(146) - text_width(share), y + pad, frame_.look.faint,
               share);
      ImGui::PopFont();
    }
  }

  void draw_steps() {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float inset = frame_.look.px(3);
    std::array<float, views::kRungs> drawn{};  // how far each rung is filled
    {
      Fills fills(list, frame_.look);
      float line = -1;
      for (size_t i = 0; i < ladder_.steps.size(); ++i) {
        const Step& step = ladder_.steps[i];
        const float x0 = x_of(i), x1 = std::max(x_of(i + 1), x0 + 1);
        if (x1 < area_.left || x0 > area_.right) continue;
        const float y = row_top(step.rung);
        const bool future = step.begin >= walked_;
        if (i != 0 && x0 - line >= 1) {
          const float other = row_top(ladder_.steps[i - 1].rung) + area_.row / 2, mid = y + area_.row / 2;
          list->AddLine({x0, std::min(other, mid)}, {x0, std::max(other, mid)},
                        faded(frame_.look.ink, future ? 0.12F : 0.45F), frame_.look.px(1));
          line = x0;
        }
        float& filled = drawn[static_cast<size_t>(step.rung)];
        if (x1 <= filled) continue;  // it is within a pixel that is filled
        filled = x1;
        const views::Style style = views::style_of(views::style_name(step.rung));
        const float split = at_ ? area_.x(*at_) : x1;
        const float until = future ? x0 : std::clamp(split, x0, x1);
        if (until > x0) fills.add({x0, y + inset}, {until, y + area_.row - inset}, style);
        if (until < x1)
          fills.add({std::max(until, x0), y + inset}, {x1, y + area_.row - inset}, style, 0.22F);
      }
    }
    for (size_t i = 0; i < ladder_.steps.size(); ++i) draw_label(i);
  }

  // The time of a step that has room for it.
  void draw_label(size_t i) {
    const Step& step = ladder_.steps[i];
    const float x0 = std::max(x_of(i), area_.left), x1 = std::min(x_of(i + 1), area_.right);
    if (x1 - x0 < frame_.look.px(30)) return;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float y = row_top(step.rung), inset = frame_.look.px(3);
    const std::vector<Picoseconds>& places = area_.scale->places[index_];
    const bool cut = places[i + 1] - places[i] < step.length();
    const std::string text = show_time(static_cast<PicosecondDelta>(step.length()));
    const float width = text_width(text), room = x1 - x0 - frame_.look.px(8);
    const float y_text = y + (area_.row - ImGui::GetTextLineHeight()) / 2;
    if (cut)
      draw_cut(frame_, x0 + (x1 - x0) * (width < room - frame_.look.px(22) ? 0.86F : 0.5F), y + inset,
               y + area_.row - inset);
    if (width > room - (cut ? frame_.look.px(22) : 0)) return;
    const float x = cut ? x0 + frame_.look.px(6) : (x0 + x1 - width) / 2;
    // On a ground of its own, since fills have hatches.
    list->AddRectFilled({x - frame_.look.px(3), y_text},
                        {x + width + frame_.look.px(3), y_text + ImGui::GetTextLineHeight()},
                        faded(frame_.look.ground, 0.82F), frame_.look.px(3));
    put_text(list, x, y_text, frame_.look.ink, text);
  }

  void draw_token() {
    if (!at_ || ladder_.steps.empty()) return;
    const views::Moment now = views::moment_at(ladder_, walked_);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::vector<Picoseconds>& places = area_.scale->places[index_];
    const float x = area_.x(std::clamp(*at_, shift(), static_cast<double>(places.back()) + shift()));
    const float y = row_top(ladder_.steps[now.step].rung) + area_.row / 2;
    list->AddLine({x, top_}, {x, top_ + height()}, faded(frame_.look.accent, 0.5F), frame_.look.px(1));
    list->AddCircleFilled({x, y}, frame_.look.px(7), frame_.look.ground);
    list->AddCircleFilled({x, y}, frame_.look.px(5.5F), now.over ? frame_.look.good : frame_.look.accent);
  }

  Frame& frame_;
  const RunLadder& it_;
  const Ladder& ladder_;
  const Area& area_;
  size_t index_;
  float top_;
  std::optional<double> at_;
  Picoseconds walked_ = kNever;
  std::array<float, views::kRungs> rows_{};
};

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
  ImGui::TextDisabled("%s",
                      rung_text(frame, step.rung, it.group != nullptr ? it.request.io.system : 1).c_str());
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
void take_mouse(Frame& frame, const Area& area, const std::vector<RunLadder>& ladders, size_t hovered) {
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

LadderScale scale_of(const Frame& frame, const std::vector<RunLadder>& ladders) {
  LadderScale scale;
  if (frame.state.option("ladder.scale") == "short") {
    std::vector<const Ladder*> list;
    list.reserve(ladders.size());
    for (const RunLadder& it : ladders) list.push_back(&it.ladder);
    scale.cut = views::short_wait(list);
  }
  for (const RunLadder& it : ladders) {
    scale.places.push_back(views::places_of(it.ladder, scale.cut == 0 ? kNever : scale.cut));
    scale.shift.push_back(-views::place_at(it.ladder, scale.places.back(), it.ladder.zero));
    scale.zero = std::max(scale.zero, -scale.shift.back());
  }
  for (size_t i = 0; i < ladders.size(); ++i) {
    scale.shift[i] += scale.zero;
    scale.longest = std::max(scale.longest, static_cast<double>(scale.places[i].back()) + scale.shift[i]);
  }
  scale.until = scale.longest;
  if (!frame.state.option("ladder.until").empty()) {
    scale.from = std::clamp(static_cast<double>(frame.state.number("ladder.from")), 0.0, scale.longest - 1);
    scale.until =
        std::clamp(static_cast<double>(frame.state.number("ladder.until")), scale.from + 1, scale.longest);
  }
  return scale;
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
  Area area{corner.x + look.px(190), corner.x + width - look.px(160), 0, &scale};
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
    LadderPicture picture(frame, it, area, i, y, at);
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
