// How names and values of the machine are drawn.
#include <algorithm>

#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

constexpr const char* kToggled = "machine.toggled";

bool is_listed(const std::string& list, const std::string& name) {
  return (";" + list + ";").find(";" + name + ";") != std::string::npos;
}

void turn(Frame& frame, const std::string& name) {
  std::string list = frame.state.option(kToggled), rest;
  if (!is_listed(list, name)) {
    frame.state.set(kToggled, list.empty() ? name : list + ";" + name);
    return;
  }
  for (size_t from = 0; from <= list.size();) {
    const size_t end = std::min(list.find(';', from), list.size());
    const std::string one = list.substr(from, end - from);
    if (!one.empty() && one != name) rest += (rest.empty() ? "" : ";") + one;
    from = end + 1;
  }
  frame.state.set(kToggled, rest);
}

}  // namespace

ImVec4 color_of(ImU32 color) { return ImGui::ColorConvertU32ToFloat4(color); }

void push_value_rows(const Look& look) {
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, {look.px(5), look.px(1.5F)});
}

void draw_caption(const Look& look, const std::string& text) {
  ImGui::PushFont(look.strong);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopFont();
}

void words_beside(const Look& look, const std::string& text) {
  const ImVec2 at = ImGui::GetCursorScreenPos(), size = ImGui::CalcTextSize(text.c_str());
  ImGui::GetWindowDrawList()->AddText({at.x, at.y - look.px(1.5F)}, look.faint, text.c_str());
  ImGui::Dummy({size.x, look.mono->FontSize});
}

bool draw_toggle(Frame& frame, const std::string& name, const std::string& text, bool open) {
  const Look& look = frame.look;
  const bool now = open != is_listed(frame.state.option(kToggled), name);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float line = ImGui::GetTextLineHeight(), side = look.px(4);
  ImGui::PushID(name.c_str());
  if (ImGui::Selectable("##toggle", false, 0, {0, line + look.px(4)})) turn(frame, name);
  ImGui::PopID();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 middle{at.x + look.px(6), at.y + line / 2 + look.px(2)};
  now ? list->AddTriangleFilled({middle.x - side, middle.y - side / 2},
                                {middle.x + side, middle.y - side / 2}, {middle.x, middle.y + side / 2},
                                look.faint)
      : list->AddTriangleFilled({middle.x - side / 2, middle.y - side}, {middle.x + side / 2, middle.y},
                                {middle.x - side / 2, middle.y + side}, look.faint);
  list->AddText(look.strong, look.strong->FontSize, {at.x + look.px(16), at.y + look.px(2)}, look.ink,
                text.c_str());
  return now;
}

void draw_digits(const Look& look, const std::string& value, bool changed) {
  if (value.empty()) return ImGui::Dummy({0, look.mono->FontSize});
  const bool hex = value.starts_with("0x");
  const std::string digits = hex ? value.substr(2) : value;
  const size_t zeros = hex ? std::min(digits.find_first_not_of('0'), digits.size()) : 0;
  ImGui::PushFont(look.mono);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size = ImGui::CalcTextSize(digits.c_str());
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (changed)
    list->AddRectFilled({at.x - look.px(3), at.y - 1}, {at.x + size.x + look.px(3), at.y + size.y + 1},
                        faded(look.bad, 0.18F), look.px(3));
  const std::string pale = digits.substr(0, zeros), strong = digits.substr(zeros);
  list->AddText(at, faded(look.faint, 0.55F), pale.c_str());
  list->AddText({at.x + text_width(pale), at.y}, changed ? look.bad : look.ink, strong.c_str());
  ImGui::Dummy(size);
  ImGui::PopFont();
}

void draw_value(Frame& frame, const views::MachineRegister& one) {
  draw_digits(frame.look, one.value, one.changed);
  if (!ImGui::IsItemHovered()) return;
  ImGui::SetTooltip("%s", frame.say("machine_view.walk_this").c_str());
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) frame.state.set("machine.address", one.value);
}

}  // namespace hvlab::visualizer
