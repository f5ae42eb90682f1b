// What hardware keeps a virtual processor in, field by field: a VMCB, a VMCS.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::MachineControlBlock;
using views::MachineRegister;

namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string without_0x(const std::string& value) { return value.starts_with("0x") ? value.substr(2) : value; }

// Which fields are wanted: by name, group, or what they say, capitals or not.
struct Wanted {
  std::string text;
  bool set_only = false, changed_only = false;

  bool operator()(const MachineRegister& field) const {
    if (set_only && !field.is_set() && field.text.empty()) return false;
    if (set_only && !field.value.empty() && !field.is_set()) return false;
    if (changed_only && !field.changed) return false;
    if (text.empty()) return true;
    return lower(field.group + " " + field.name + " " + field.text + " " + field.value).find(text) !=
           std::string::npos;
  }
};

// A field of typed text that keeps its option. Esc empties it.
void draw_search(Frame& frame, float width) {
  char typed[64] = "";
  const std::string now = frame.state.option("machine.search");
  now.copy(typed, sizeof typed - 1);
  ImGui::SetNextItemWidth(width);
  if (frame.pressed(GLFW_KEY_SLASH)) ImGui::SetKeyboardFocusHere();
  if (ImGui::InputTextWithHint("##search", frame.say("machine_view.search_hint").c_str(), typed,
                               sizeof typed))
    frame.state.set("machine.search", std::string(typed));
}

void draw_flag(Frame& frame, const char* option, const std::string& text) {
  bool on = frame.state.flag(option);
  ImGui::SameLine();
  if (ImGui::GetContentRegionAvail().x < text_width(text) + ImGui::GetFrameHeight() * 1.4F) ImGui::NewLine();
  if (ImGui::Checkbox(text.c_str(), &on)) frame.state.set(option, on);
}

void draw_heading(Frame& frame, const MachineControlBlock& block) {
  std::vector<std::string> values = {views::block_name(block.kind), std::to_string(block.vm),
                                     std::to_string(block.vcpu), block.address};
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(frame.say("machine_view.block", values).c_str());
  ImGui::TextDisabled(
      "%s", frame
                .say("machine_view.block_counts",
                     {show_count(block.entries), show_count(block.exits), show_count(block.guest_cycles)})
                .c_str());
  if (block.runs_on)
    ImGui::TextColored(color_of(frame.look.bad), "%s",
                       frame.say("machine_view.block_stale", {std::to_string(*block.runs_on)}).c_str());
  if (!block.problem.empty()) ImGui::TextColored(color_of(frame.look.bad), "%s", block.problem.c_str());
  ImGui::PopTextWrapPos();
}

std::string group_text(const Frame& frame, const std::string& group) {
  static constexpr std::pair<const char*, const char*> kKnown[] = {
      {"intercepts", "machine_view.fields.intercepts"},
      {"control", "machine_view.fields.control"},
      {"exit", "machine_view.fields.exit"},
      {"segments", "machine_view.fields.segments"},
      {"state", "machine_view.fields.state"},
      {"branch records", "machine_view.fields.branches"},
      {"host", "machine_view.fields.host"}};
  for (const auto& [name, key] : kKnown)
    if (group == name) return frame.say(key);
  return group;
}

// Name at the left, value at the right, and between them what it says, if there is room; else beneath.
void draw_field(Frame& frame, const MachineRegister& field, float place) {
  const Look& look = frame.look;
  const float left = ImGui::GetCursorPosX(), right = left + ImGui::GetContentRegionAvail().x - look.px(4);
  ImGui::PushFont(look.mono);
  const std::string value = without_0x(field.value), name = fitted(field.name, right - left - place);
  ImGui::TextColored(color_of(faded(look.faint, 0.8F)), "%s", without_0x(field.place).c_str());
  ImGui::SameLine(left + place);
  ImGui::TextColored(color_of(field.changed ? look.bad : look.ink), "%s", name.c_str());
  const float begin = left + place + text_width(name) + look.px(12), end = right - text_width(value);
  ImGui::PopFont();
  const bool beside = text_width(field.text) + look.px(8) <= end - begin;
  if (beside && !field.text.empty()) {
    ImGui::SameLine(begin);
    words_beside(look, field.text);
  }
  if (!value.empty()) {
    ImGui::SameLine(std::max(end, left + place));
    draw_value(frame, field);
  }
  if (beside) return;
  ImGui::SetCursorPosX(left + place);
  ImGui::PushTextWrapPos(0);
  ImGui::TextDisabled("%s", field.text.c_str());
  ImGui::PopTextWrapPos();
}

void draw_fields(Frame& frame, const MachineControlBlock& block) {
  const Look& look = frame.look;
  const Wanted wanted{lower(frame.state.option("machine.search")), frame.state.flag("machine.set_only"),
                      frame.state.flag("machine.changed_only")};
  ImGui::PushFont(look.mono);
  const float place = text_width("0000") + look.px(10);
  ImGui::PopFont();
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {look.px(6), look.px(3)});
  std::vector<std::string> groups;
  for (const MachineRegister& field : block.fields)
    if (std::ranges::find(groups, field.group) == groups.end()) groups.push_back(field.group);
  size_t shown = 0;
  for (const std::string& group : groups) {
    std::vector<const MachineRegister*> fields;
    for (const MachineRegister& field : block.fields)
      if (field.group == group && wanted(field)) fields.push_back(&field);
    if (fields.empty()) continue;
    shown += fields.size();
    if (!draw_toggle(frame, "block-" + group, group_text(frame, group), true)) continue;
    for (const MachineRegister* field : fields) draw_field(frame, *field, place);
  }
  if (shown == 0 && !block.fields.empty())
    ImGui::TextDisabled("%s", frame.say("machine_view.no_field").c_str());
  ImGui::PopStyleVar();
}

}  // namespace

void draw_machine_block(Frame& frame, const MachineChoice& choice) {
  if (choice.block == nullptr) {
    ImGui::PushTextWrapPos(0);
    ImGui::TextDisabled("%s", frame.say("machine_view.no_block").c_str());
    return ImGui::PopTextWrapPos();
  }
  draw_heading(frame, *choice.block);
  draw_search(frame, std::min(frame.look.px(210), ImGui::GetContentRegionAvail().x * 0.5F));
  draw_flag(frame, "machine.set_only", frame.say("machine_view.set_only"));
  draw_flag(frame, "machine.changed_only", frame.say("machine_view.changed_only"));
  ImGui::BeginChild("fields", {0, 0}, false);
  draw_fields(frame, *choice.block);
  ImGui::EndChild();
}

}  // namespace hvlab::visualizer
