// Exits of virtual machines: how many for what, what they cost, single ones, and where the cycles went.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/exits_parts.hpp"
#include "visualizer/live_words.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

constexpr std::array kFilters = {"exits.reason", "exits.class", "exits.vm",
                                 "exits.vcpu",   "exits.least", "exits.most"};

void clear_filter(Frame& frame) {
  for (const char* option : kFilters) frame.state.set(option, std::string());
  frame.state.set_number("exits.page", 1);
}

// What is kept to, as a sentence of few words; empty: all.
std::string filter_text(const Frame& frame) {
  const ViewState& state = frame.state;
  std::string text;
  const auto add = [&](const std::string& more) { text += (text.empty() ? "" : "   ·   ") + more; };
  if (!state.option("exits.reason").empty()) add(state.option("exits.reason"));
  if (!state.option("exits.class").empty()) add(frame.say("exits.classes." + state.option("exits.class")));
  if (!state.option("exits.vcpu").empty()) {
    add(frame.say("exits.vcpu", {state.option("exits.vm"), state.option("exits.vcpu")}));
  } else if (!state.option("exits.vm").empty()) {
    add(frame.say("exits.vm", {state.option("exits.vm")}));
  }
  if (!state.option("exits.least").empty())
    add(frame.say("exits.within", {state.option("exits.least"), state.option("exits.most")}));
  return text;
}

void draw_toolbar(Frame& frame, const std::vector<RunExits>& runs) {
  Choices by;
  for (unsigned i = 0; i < static_cast<unsigned>(views::ExitBy::Count); ++i) {
    const char* value = name(static_cast<views::ExitBy>(i));
    by.emplace_back(value, frame.say(std::string("exits.by.") + value));
  }
  choose(frame, "exits.by", by);
  ImGui::SameLine(0, frame.look.px(18));
  ImGui::AlignTextToFramePadding();
  const std::string filter = filter_text(frame);
  ImGui::TextUnformatted(filter.empty() ? frame.say("exits.filter_all").c_str() : filter.c_str());
  if (!filter.empty()) {
    ImGui::SameLine();
    if (ImGui::Button(frame.say("exits.clear").c_str())) clear_filter(frame);
  }
  double loading = -1;
  for (const RunExits& it : runs) loading = std::max(loading, it.loading);
  if (loading < 0) return;
  ImGui::SameLine(0, frame.look.px(18));
  ImGui::TextDisabled("%s", frame.say("exits.loading", {fmt::format("{:.0f}", 100 * loading)}).c_str());
}

// Which run the lower half is of, and how its flame is cut.
void draw_lower_bar(Frame& frame, const std::vector<RunExits>& runs, const RunExits& it) {
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", frame.say("exits.flame_title").c_str());
  ImGui::SameLine();
  if (runs.size() > 1) {
    Choices choices;
    for (const RunExits& each : runs) choices.emplace_back(std::to_string(each.number + 1), each.run->name());
    if (choose_from(frame, "exits.run", choices, 220, it.run->name()))
      frame.state.set("exits.path", std::string());
    ImGui::SameLine();
  }
  if (choose(frame, "exits.flame",
             {{"core", frame.say("exits.flame_core")}, {"machine", frame.say("exits.flame_machine")}}))
    frame.state.set("exits.path", std::string());
  ImGui::SameLine();
  bool idle = frame.state.flag("exits.idle");
  if (ImGui::Checkbox(frame.say("exits.flame_idle").c_str(), &idle)) {
    frame.state.set("exits.idle", idle);
    frame.state.set("exits.path", std::string());
  }
  if (frame.state.option("exits.path").empty()) return;
  ImGui::SameLine();
  if (ImGui::Button(frame.say("exits.flame_up").c_str())) frame.state.set("exits.path", std::string());
}

void take_keys(Frame& frame) {
  const auto next = [&](const char* option, std::initializer_list<const char*> values) {
    const auto* at =
        std::ranges::find_if(values, [&](const char* value) { return frame.state.option(option) == value; });
    if (at != values.end()) ++at;
    frame.state.set(option, std::string(at == values.end() ? *values.begin() : *at));
  };
  if (frame.pressed(GLFW_KEY_B)) next("exits.by", {"reason", "class", "machine", "vcpu", "vcpu-reason"});
  if (frame.pressed(GLFW_KEY_F)) next("exits.flame", {"core", "machine"});
  if (frame.pressed(GLFW_KEY_O)) next("exits.order", {"time", "cost"});
  if (frame.pressed(GLFW_KEY_BACKSPACE)) {
    clear_filter(frame);
    frame.state.set("exits.path", std::string());
  }
}

}  // namespace

void draw_exits(Frame& frame) {
  if (frame.runs.runs.empty()) return nothing_to_show(frame, "view.exits");
  take_keys(frame);
  const std::vector<RunExits> runs = exits_of(frame);
  draw_toolbar(frame, runs);
  std::vector<ShownVersion> versions;
  for (const RunExits& it : runs) versions.push_back({it.run, it.version});
  draw_live_words(frame, versions);
  for (const RunExits& it : runs)
    if (!it.problem.empty())
      ImGui::TextColored(ImGui::ColorConvertU32ToFloat4(frame.look.bad), "%s: %s", it.run->name().c_str(),
                         it.problem.c_str());
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float upper = room.y * 0.46F, gap = ImGui::GetStyle().ItemSpacing.x,
              left = room.x * (runs.size() == 1 ? 0.66F : 0.6F);
  const auto part = [&](const char* id, ImVec2 size, auto draw) {
    ImGui::BeginChild(id, size, false, ImGuiWindowFlags_NoScrollWithMouse);
    draw();
    ImGui::EndChild();
  };
  part("table", {left, upper}, [&] { draw_exit_table(frame, runs); });
  ImGui::SameLine(0, gap * 2);
  part("costs", {0, upper}, [&] { draw_exit_costs(frame, runs); });
  if (const RunExits* it = looked_into(frame, runs); it != nullptr) {
    draw_lower_bar(frame, runs, *it);
    const float row = ImGui::GetTextLineHeight() + frame.look.px(8);
    part("flame", {0, row * 5 + frame.look.px(4)}, [&] { draw_exit_flame(frame, *it); });
    part("list", {0, 0}, [&] { draw_exit_list(frame, *it); });
  }
  frame.status = frame.say("exits.hint");
}

}  // namespace hvlab::visualizer
