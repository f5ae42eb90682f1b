#include "visualizer/ladder_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::Rung;
using views::Step;

namespace {

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

}  // namespace

void put_text(ImDrawList* list, float x, float y, ImU32 color, const std::string& text) {
  list->AddText({std::round(x), std::round(y)}, color, text.c_str());
}

std::string rung_text(const Frame& frame, const RunLadder& it, Rung rung) {
  const bool machines_own = it.group != nullptr && it.request.io.system == 0;
  const std::string own = std::string("ladder.rungs_own.") + name(rung);
  return machines_own && frame.say.has(own) ? frame.say(own)
                                            : frame.say(std::string("ladder.rungs.") + name(rung));
}

LadderWalk::LadderWalk(Frame& frame, const RunLadder& it, const LadderArea& area, size_t index, float top,
                       std::optional<double> at)
    : frame_(frame), it_(it), ladder_(it.ladder), area_(area), index_(index), top_(top), at_(at) {
  if (at) walked_ = views::time_at(ladder_, area.scale->places[index], *at - shift());
  rows_.fill(-1);
  for (size_t i = 0; i < ladder_.rungs.size(); ++i)
    rows_[static_cast<size_t>(ladder_.rungs[i])] = static_cast<float>(i);
}

void LadderWalk::draw() {
  draw_rungs();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->PushClipRect({area_.left, top_ - area_.row}, {area_.right + 1, top_ + height() + area_.row}, true);
  draw_steps();
  if (at_) draw_token();
  list->PopClipRect();
}

const Step* LadderWalk::pointed(ImVec2 mouse) const {
  if (mouse.x < area_.left || mouse.x > area_.right || mouse.y < top_ || mouse.y > top_ + height())
    return nullptr;
  const double place = area_.place(mouse.x) - shift();
  const std::vector<Picoseconds>& places = area_.scale->places[index_];
  if (ladder_.steps.empty() || place < 0 || place > static_cast<double>(places.back())) return nullptr;
  const auto after = std::ranges::upper_bound(places, static_cast<Picoseconds>(place));
  const auto i = std::min<size_t>(static_cast<size_t>(after - places.begin()) - 1, ladder_.steps.size() - 1);
  return &ladder_.steps[i];
}

void LadderWalk::draw_rungs() {
  const views::Moment now = views::moment_at(ladder_, std::min(walked_, ladder_.length));
  for (const Rung rung : ladder_.rungs) draw_rung(rung, now);
}

// Its line, what it is called, and what has been spent there.
void LadderWalk::draw_rung(Rung rung, const views::Moment& now) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float pad = (area_.row - ImGui::GetTextLineHeight()) / 2;
  const float y = row_top(rung);
  const bool here = at_ && !now.over && ladder_.steps[now.step].rung == rung;
  if (here)
    list->AddRectFilled({area_.left - frame_.look.px(190), y},
                        {area_.right + frame_.look.px(160), y + area_.row}, faded(frame_.look.accent, 0.10F));
  list->AddLine({area_.left, y + area_.row / 2}, {area_.right, y + area_.row / 2},
                faded(frame_.look.line, 0.8F));
  const std::string text = rung_text(frame_, it_, rung);
  put_text(list, area_.left - frame_.look.px(12) - text_width(text), y + pad,
           here ? frame_.look.ink : frame_.look.faint, text);
  const auto spent = static_cast<PicosecondDelta>(now.spent[static_cast<size_t>(rung)]);
  const std::string time = spent == 0 ? "–" : show_time(spent);
  ImGui::PushFont(frame_.look.mono);
  put_text(list, area_.right + frame_.look.px(92) - text_width(time), y + pad, frame_.look.ink, time);
  const std::string share =
      ladder_.length == 0
          ? ""
          : fmt::format("{:.0f} %", 100.0 * static_cast<double>(spent) / static_cast<double>(ladder_.length));
  put_text(list, area_.right + frame_.look.px(146) - text_width(share), y + pad, frame_.look.faint, share);
  ImGui::PopFont();
}

void LadderWalk::draw_steps() {
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
      if (until < x1) fills.add({std::max(until, x0), y + inset}, {x1, y + area_.row - inset}, style, 0.22F);
    }
  }
  for (size_t i = 0; i < ladder_.steps.size(); ++i) draw_label(i);
}

// The time of a step that has room for it.
void LadderWalk::draw_label(size_t i) {
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

void LadderWalk::draw_token() {
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

}  // namespace hvlab::visualizer
