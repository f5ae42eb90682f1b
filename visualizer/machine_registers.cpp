// A processor's registers in groups.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::MachineRegister;

namespace {

using Group = std::vector<const MachineRegister*>;

struct GroupShape {
  const char* name;
  bool open;  // unless it was toggled
};
constexpr GroupShape kGroups[] = {{"general", true}, {"segments", true}, {"control", true},
                                  {"debug", true},   {"msrs", true},     {"vector", false}};

Group group_of(const views::MachineProcessor& processor, const std::string& name) {
  Group group;
  for (const MachineRegister& one : processor.registers)
    if (one.group == name) group.push_back(&one);
  return group;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

void draw_name(const Look& look, const MachineRegister& one) {
  ImGui::PushFont(look.mono);
  ImGui::TextColored(color_of(one.changed ? look.bad : look.faint), "%s", upper(one.name).c_str());
  ImGui::PopFont();
  if (!one.place.empty() && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", one.place.c_str());
}

// Names of bits, below the value that they are of.
void draw_names(const MachineRegister& one, float indent) {
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + indent);
  ImGui::PushTextWrapPos(0);
  ImGui::TextDisabled("%s", one.text.c_str());
  ImGui::PopTextWrapPos();
}

float name_width(const Look& look, const Group& group) {
  ImGui::PushFont(look.mono);
  float width = 0;
  for (const MachineRegister* one : group) width = std::max(width, text_width(one->name));
  ImGui::PopFont();
  return width;
}

float value_width(const Look& look, const Group& group) {
  ImGui::PushFont(look.mono);
  float width = 0;
  for (const MachineRegister* one : group)
    width = std::max(width, text_width(one->value.substr(std::min<size_t>(2, one->value.size()))));
  ImGui::PopFont();
  return width;
}

// As many columns beside each other as there is room for, filled from the top down.
void draw_plain(Frame& frame, const Group& group) {
  const Look& look = frame.look;
  const float names = name_width(look, group), values = value_width(look, group);
  const float pair = names + values + look.px(22), room = ImGui::GetContentRegionAvail().x - look.px(14);
  const size_t columns = std::clamp<size_t>(static_cast<size_t>(room / pair), 1, 3);
  const size_t rows = (group.size() + columns - 1) / columns;
  push_value_rows(look);
  if (ImGui::BeginTable("values", static_cast<int>(2 * columns), kValuesTable)) {
    for (size_t row = 0; row < rows; ++row) {
      ImGui::TableNextRow();
      for (size_t column = 0; column < columns; ++column) {
        const size_t index = column * rows + row;
        if (index >= group.size()) continue;
        ImGui::TableSetColumnIndex(static_cast<int>(2 * column));
        draw_name(look, *group[index]);
        ImGui::TableSetColumnIndex(static_cast<int>(2 * column + 1));
        draw_value(frame, *group[index]);
      }
    }
    ImGui::EndTable();
  }
  ImGui::PopStyleVar();
}

// Those with words: one below the other, the words behind the value if they find room, else beneath it.
void draw_worded(Frame& frame, const Group& group) {
  const Look& look = frame.look;
  const float names = name_width(look, group) + look.px(10);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {look.px(8), look.px(3)});
  for (const MachineRegister* one : group) {
    const float left = ImGui::GetCursorPosX();
    draw_name(look, *one);
    ImGui::SameLine(left + names);
    draw_value(frame, *one);
    if (one->text.empty()) continue;
    ImGui::SameLine(0, look.px(10));
    if (text_width(one->text) <= ImGui::GetContentRegionAvail().x) {
      words_beside(look, one->text);
      continue;
    }
    ImGui::NewLine();
    draw_names(*one, names);
  }
  ImGui::PopStyleVar();
}

void say_segment(Frame& frame, const MachineRegister& one) {
  if (one.text.empty() || !ImGui::IsItemHovered()) return;
  ImGui::SetTooltip("%s\n%s", one.text.c_str(),
                    frame.say("machine_view.attributes", {one.attributes}).c_str());
}

// What a segment is stands behind it, or is said where one points if there is no room for a word.
void draw_segments(Frame& frame, const Group& group) {
  const Look& look = frame.look;
  const bool words = ImGui::GetContentRegionAvail().x > look.px(370);
  push_value_rows(look);
  if (!ImGui::BeginTable("segments", words ? 5 : 4, kValuesTable)) return ImGui::PopStyleVar();
  for (const char* name : {"name", "selector", "base", "limit"}) ImGui::TableSetupColumn(name);
  if (words) ImGui::TableSetupColumn("what", ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  for (const char* name : {"selector", "base", "limit"}) {
    ImGui::TableNextColumn();
    ImGui::TextDisabled("%s", frame.say(std::string("machine_view.segment.") + name).c_str());
  }
  for (const MachineRegister* one : group) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    draw_name(look, *one);
    for (const std::string* value : {&one->value, &one->base, &one->limit}) {
      ImGui::TableNextColumn();
      draw_digits(look, *value, one->changed);
      say_segment(frame, *one);
    }
    if (!words) continue;
    ImGui::TableNextColumn();
    words_beside(look, fitted(one->text, ImGui::GetContentRegionAvail().x));
    say_segment(frame, *one);
  }
  ImGui::EndTable();
  ImGui::PopStyleVar();
}

// Whether it has bits with names: its row is the same whether or not any of them is set.
bool has_words(const MachineRegister& one) {
  return !one.text.empty() || one.group == "control" || one.name == "rflags" || one.name == "dr6" ||
         one.name == "dr7";
}

void draw_group(Frame& frame, const std::string& name, const Group& group) {
  if (name == "segments") return draw_segments(frame, group);
  Group plain, worded;
  for (const MachineRegister* one : group) (has_words(*one) ? worded : plain).push_back(one);
  ImGui::PushID(name.c_str());
  if (!plain.empty()) draw_plain(frame, plain);
  if (!worded.empty()) draw_worded(frame, worded);
  ImGui::PopID();
}

}  // namespace

void draw_machine_registers(Frame& frame, const MachineChoice& choice) {
  const views::MachineProcessor& processor = *choice.processor;
  if (choice.is_virtual && !choice.block->runs_on) {
    ImGui::PushTextWrapPos(0);
    ImGui::TextDisabled(
        "%s", frame.say("machine_view.as_block_has_it", {views::block_name(choice.block->kind)}).c_str());
    ImGui::PopTextWrapPos();
  }
  for (const GroupShape& shape : kGroups) {
    const Group group = group_of(processor, shape.name);
    if (group.empty()) continue;
    if (draw_toggle(frame, shape.name, frame.say(std::string("machine_view.group.") + shape.name),
                    shape.open))
      draw_group(frame, shape.name, group);
    ImGui::Dummy({0, frame.look.px(2)});
  }
}

}  // namespace hvlab::visualizer
