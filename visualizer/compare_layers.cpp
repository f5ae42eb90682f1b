// The layers of each run, with what they do.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/compare_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

using views::LayerBox;
using Kind = LayerBox::Kind;

bool is_frame(Kind kind) {
  return kind == Kind::Machine || kind == Kind::ManagementMachine || kind == Kind::Container;
}

// What it is called: a host's kernel is just the kernel where nobody is hosted.
std::string title_of(const Frame& frame, const views::LayerPicture& picture, const LayerBox& box) {
  if (box.kind == Kind::Container && !box.name.empty()) return box.name;
  std::string key = views::name(box.kind);
  if (box.kind == Kind::HostKernel && picture.shape != views::LayerShape::OnHost) key = "own-kernel";
  std::string number = std::to_string(box.vm);
  if (box.count > 1 && box.vm != 0) number += "–" + std::to_string(box.vm + box.count - 1);
  std::string title = frame.say("layers." + key, {number});
  if (box.count > 1 && box.vm == 0) title += " ×" + std::to_string(box.count);
  return title;
}

views::Style style_of(const LayerBox& box) {
  return views::style_of(box.accounts.empty() ? (box.kind == Kind::GuestKernel     ? "guest-kernel"
                                                 : box.kind == Kind::GuestPrograms ? "guest-user"
                                                 : box.kind == Kind::VmmProcess    ? "vmm-process"
                                                 : box.kind == Kind::Programs      ? "host-user"
                                                                                   : "idle")
                                              : box.accounts.front());
}

// "62k/s": where there is no room for more.
std::string short_rate(double rate) {
  if (rate < 999.5) return fmt::format("{:.0f}/s", rate);
  return rate < 999'500 ? fmt::format("{:.0f}k/s", rate / 1e3) : fmt::format("{:.1f}M/s", rate / 1e6);
}

std::string counter_text(const Frame& frame, const LayerBox& box, const views::BoxCounters& counters,
                         float room) {
  if (box.kind == Kind::Hardware && counters.share)
    return frame.say("compare.idle", {show_share(*counters.share)});
  if (is_frame(box.kind) && counters.exits) {
    const std::string text = frame.say("compare.exits", {show_rounded(*counters.exits)});
    return ImGui::CalcTextSize(text.c_str()).x <= room ? text : short_rate(*counters.exits);
  }
  return counters.share ? show_share(*counters.share) : "";
}

// A frame has one line: what does not fit in beside its name is left to the tooltip, and a long name has a
// short form.
void shorten(const Frame& frame, const LayerBox& box, float room, std::string& title, std::string& count) {
  ImGui::PushFont(frame.look.strong);
  const float counted = text_width(count);
  ImGui::PopFont();
  if (text_width(title) + counted > room) count.clear();
  const std::string key = std::string("layers.short.") + views::name(box.kind);
  if (text_width(title) > room && frame.say.has(key)) title = frame.say(key);
}

void explain(Frame& frame, const std::string& title, const LayerBox& box,
             const views::BoxCounters& counters) {
  std::string text = title;
  const auto line = [&](const std::string& more) { text += "\n" + more; };
  if (counters.share)
    line(frame.say(box.kind == Kind::Hardware ? "compare.tip_idle"
                   : is_frame(box.kind)       ? "compare.tip_running"
                                              : "compare.tip_share",
                   {show_share(*counters.share)}));
  else if (!is_frame(box.kind))
    line(frame.say("compare.tip_untold"));
  if (counters.exits) line(frame.say("compare.exits", {show_rounded(*counters.exits)}));
  if (!counters.reason.empty()) line(frame.say("compare.tip_reason", {counters.reason}));
  if (counters.requests) line(frame.say("compare.requests", {show_rounded(*counters.requests)}));
  for (const std::string& account : box.accounts) line("· " + account);
  ImGui::SetTooltip("%s", text.c_str());
}

void draw_box(Frame& frame, const views::LayerPicture& picture, size_t index, const views::LayerCounters& all,
              ImVec2 from, ImVec2 to) {
  const Look& look = frame.look;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const LayerBox& box = picture.boxes[index];
  const views::BoxCounters counters = index < all.boxes.size() ? all.boxes[index] : views::BoxCounters{};
  const float pad = look.px(6);
  float width = to.x - from.x - 2 * pad;
  for (const LayerBox& inside : picture.boxes)  // what is drawn upon it is no room for words
    if (inside.kind == Kind::Hypervisor && inside.parent == static_cast<int>(index))
      width =
          (to.x - from.x) * static_cast<float>((inside.left - box.left) / (box.right - box.left)) - 2 * pad;
  std::string title = title_of(frame, picture, box);
  std::string count = counter_text(frame, box, counters, width - text_width(title) - 2 * pad);
  if (is_frame(box.kind)) shorten(frame, box, width - pad, title, count);
  if (is_frame(box.kind)) {
    list->AddRectFilled(from, to, faded(look.ink, 0.04F), look.px(5));
    list->AddRect(from, to, look.faint, look.px(5));
  } else {
    const views::Style style = style_of(box);
    list->AddRectFilled(from, to, look.ground, look.px(3));
    list->AddRectFilled(from, to, faded(look.color(style), look.dark ? 0.30F : 0.24F), look.px(3));
    list->AddRect(from, to, faded(look.color(style), 0.8F), look.px(3));
    if (counters.share && box.kind != Kind::Hardware && *counters.share > 0)
      fill(list, look, {from.x + 1, to.y - look.px(6)},
           {from.x + 1 + std::max(1.0F, (to.x - from.x - 2) * static_cast<float>(*counters.share)), to.y - 1},
           style);
  }
  const float line = ImGui::GetTextLineHeight();
  list->PushClipRect(from, to, true);
  ImGui::PushFont(look.strong);
  const float counted = ImGui::CalcTextSize(count.c_str()).x;
  ImGui::PopFont();
  const bool fits = ImGui::CalcTextSize(title.c_str()).x + counted + pad <= width;
  const bool below = !fits && !is_frame(box.kind) && to.y - from.y > 2.2F * line;
  const float room = below || count.empty() ? width : width - counted - pad;
  list->AddText({from.x + pad, from.y + look.px(2)}, look.ink, fitted(title, room).c_str());
  ImGui::PushFont(look.strong);
  draw_right(count, from.x + pad + width, from.y + look.px(2) + (below ? line - look.px(1) : 0), look.ink);
  ImGui::PopFont();
  list->PopClipRect();
}

}  // namespace

float draw_layers(const Comparing& comparing, float top) {
  Frame& frame = comparing.frame;
  const Look& look = frame.look;
  double rows = 1;
  for (const Column& column : comparing.columns) rows = std::max(rows, column.kept->picture.rows);
  const float row = look.px(42), gap = look.px(3), bottom = top + row * static_cast<float>(rows);
  row_name(comparing, frame.say("compare.layers"), top,
           frame.say(frame.state.at ? "compare.at_cursor" : "compare.whole_run"));
  for (const Column& column : comparing.columns) {
    const views::LayerPicture& picture = column.kept->picture;
    const float width = column.right - column.left;
    int pointed = -1;
    for (size_t i = 0; i < picture.boxes.size(); ++i) {
      const LayerBox& box = picture.boxes[i];
      const ImVec2 from{column.left + width * static_cast<float>(box.left),
                        bottom - row * static_cast<float>(box.top) + gap / 2};
      const ImVec2 to{column.left + width * static_cast<float>(box.right),
                      bottom - row * static_cast<float>(box.bottom) - gap / 2};
      draw_box(frame, picture, i, column.kept->counters, from, to);
      if (ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(from, to)) pointed = static_cast<int>(i);
    }
    if (pointed < 0) continue;
    const LayerBox& box = picture.boxes[static_cast<size_t>(pointed)];
    const auto& counters = column.kept->counters.boxes;
    explain(frame, title_of(frame, picture, box), box,
            static_cast<size_t>(pointed) < counters.size() ? counters[static_cast<size_t>(pointed)]
                                                           : views::BoxCounters{});
  }
  return bottom + look.px(12);
}

}  // namespace hvlab::visualizer
