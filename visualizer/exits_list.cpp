#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/exits_parts.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

using views::Exit;

namespace {

// The ladder of this exit, with those that other runs had next.
void show_way(Frame& frame, const RunExits& it, const Exit& exit) {
  frame.state.view = "ladder";
  frame.state.set("ladder.mode", std::string("exit"));
  frame.state.set("ladder.reason", it.run->trace()->name(record::NameTable::ExitReason, exit.reason));
  frame.state.set("ladder.exit", "@" + std::to_string(it.run->shared(exit.time)));
  for (const char* option : {"ladder.from", "ladder.until", "ladder.at"})
    frame.state.set(option, std::string());
  frame.state.at = it.run->shared(exit.time);
}

std::string lane_text(const record::TraceReader& trace, u16 lane) {
  return trace.name(record::NameTable::Lane, lane);
}

void draw_rows(Frame& frame, const RunExits& it, const views::ExitList& list) {
  static constexpr const char* kColumns[] = {"time", "lane",   "reason", "class", "what",
                                             "rip",  "symbol", "ran",    "cycles"};
  static constexpr u32 kTexts = 0b0101'1110;  // columns of them
  static constexpr float kWidths[] = {1.5F, 1.2F, 1.1F, 1.1F, 2.5F, 1.6F, 1.4F, 1.0F, 1.0F};
  const record::TraceReader& trace = *it.run->trace();
  if (!ImGui::BeginTable("list", std::size(kColumns), kNumbersTable)) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  for (size_t i = 0; i < std::size(kColumns); ++i)
    ImGui::TableSetupColumn(frame.say(std::string("exits.list.") + kColumns[i]).c_str(), 0, kWidths[i]);
  header_row(frame.look, kTexts);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(list.exits.size()));
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const Exit& exit = list.exits[static_cast<size_t>(i)];
      ImGui::TableNextRow();
      ImGui::TableNextColumn();
      ImGui::PushID(i);
      if (ImGui::Selectable("##way", false, ImGuiSelectableFlags_SpanAllColumns)) show_way(frame, it, exit);
      if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", frame.say("exits.show_ladder").c_str());
      ImGui::PopID();
      ImGui::SameLine();
      right_text(frame.look, show_time(it.run->shared(exit.time), 1000));
      const auto text = [&](const std::string& what) {
        ImGui::TableNextColumn();
        ImGui::TextUnformatted(what.c_str());
      };
      text(lane_text(trace, exit.lane));
      text(trace.name(record::NameTable::ExitReason, exit.reason));
      text(class_text(frame, exit.exit_class()));
      text(views::qualification_text(exit));
      ImGui::TableNextColumn();
      right_text(frame.look, fmt::format("{:x}h", exit.rip));
      text(views::guest_symbol(trace, exit.rip));
      ImGui::TableNextColumn();
      right_text(frame.look, show_count(exit.guest_cycles), true);
      ImGui::TableNextColumn();
      right_text(frame.look, exit.entered ? show_count(exit.cycles(trace.frequency_hz())) : "–");
    }
  }
  ImGui::EndTable();
}

Table for_file(const RunExits& it, const views::ExitList& list) {
  const record::TraceReader& trace = *it.run->trace();
  Table table{.name = "single exits",
              .columns = {"run", "time_ps", "lane", "reason", "class", "exitinfo1", "exitinfo2", "rip",
                          "symbol", "guest_cycles", "cycles"},
              .rows = {}};
  for (const Exit& exit : list.exits)
    table.rows.push_back({it.run->name(), std::to_string(exit.time), lane_text(trace, exit.lane),
                          trace.name(record::NameTable::ExitReason, exit.reason), name(exit.exit_class()),
                          fmt::format("{:#x}", exit.info1), fmt::format("{:#x}", exit.info2),
                          fmt::format("{:#x}", exit.rip), views::guest_symbol(trace, exit.rip),
                          std::to_string(exit.guest_cycles),
                          exit.entered ? std::to_string(exit.cycles(trace.frequency_hz())) : ""});
  return table;
}

}  // namespace

void draw_exit_list(Frame& frame, const RunExits& it) {
  const views::ExitList* list = list_of_run(frame, it);
  choose(frame, "exits.order",
         {{"time", frame.say("exits.list_time")}, {"cost", frame.say("exits.list_cost")}});
  if (list == nullptr) return;
  const auto page = static_cast<u64>(std::max<long long>(frame.state.number("exits.page"), 1));
  const u64 first = (page - 1) * kListed;
  const auto turn = [&](const char* text, int key, long long by, bool possible) {
    ImGui::SameLine(0, frame.look.px(by < 0 ? 16 : 2));
    const bool wanted = ImGui::Button(frame.say(text).c_str()) || frame.pressed(key);
    if (wanted && possible) frame.state.set_number("exits.page", static_cast<long long>(page) + by);
  };
  turn("exits.page_back", GLFW_KEY_PAGE_UP, -1, page > 1);
  turn("exits.page_next", GLFW_KEY_PAGE_DOWN, 1, first + kListed < list->matching);
  ImGui::SameLine();
  ImGui::TextDisabled(
      "%s", frame
                .say("exits.list_of", {show_count(list->exits.empty() ? 0 : first + 1),
                                       show_count(first + list->exits.size()), show_count(list->matching)})
                .c_str());
  if (frame.wants_tables) frame.tables.push_back(for_file(it, *list));
  draw_rows(frame, it, *list);
}

}  // namespace hvlab::visualizer
