// The machine's state at the cursor, on one screen: registers, code and the walk of an address, what a
// virtual processor is kept in, devices, the console.
#include <GLFW/glfw3.h>

#include <algorithm>
#include <string>

#include "visualizer/machine_panes.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

// The run that is looked at, of those that are shown.
views::OpenRun& chosen_run(const Frame& frame) {
  const auto chosen = static_cast<size_t>(std::max<long long>(frame.state.number("machine.run"), 0));
  for (const size_t number : frame.shown_numbers())
    if (number + 1 == chosen) return *frame.runs.runs[number];
  return *frame.shown().front();
}

void draw_runs(Frame& frame, const views::OpenRun& run) {
  if (frame.shown().size() < 2) return;
  Choices choices;
  for (const size_t number : frame.shown_numbers())
    choices.emplace_back(std::to_string(number + 1), frame.runs.runs[number]->name());
  choose_from(frame, "machine.run", choices, 170, run.name());
  ImGui::SameLine(0, frame.look.px(14));
}

// A document of another moment is shown until there is one of this; why there is none is said.
void draw_standing(Frame& frame, const MachineSource& source) {
  if (source.busy) {
    ImGui::AlignTextToFramePadding();
    ImGui::TextDisabled("%s", frame.say("machine_view.computing").c_str());
    ImGui::SameLine();
    if (ImGui::Button(frame.say("machine_view.cancel").c_str())) cancel_machine(frame, *source.run);
  } else if (!source.problem.empty()) {
    ImGui::PushTextWrapPos(0);
    ImGui::TextColored(color_of(frame.look.bad), "%s", source.problem.c_str());
    ImGui::PopTextWrapPos();
  } else if (source.document != nullptr &&
             source.when != source.run->own(frame.state.at.value_or(0))) {  // it was stopped
    ImGui::AlignTextToFramePadding();
    ImGui::TextDisabled("%s", frame.say("machine_view.stopped").c_str());
    ImGui::SameLine();
    if (ImGui::Button(frame.say("machine_view.retry").c_str())) retry_machine(frame, *source.run);
  }
}

template <typename Draw>
void pane(const char* id, ImVec2 size, Draw draw) {
  ImGui::BeginChild(id, size, false);
  draw();
  ImGui::EndChild();
}

void rule(const Look& look, bool vertical, float length) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 end = vertical ? ImVec2{at.x, at.y + length} : ImVec2{at.x + length, at.y};
  ImGui::GetWindowDrawList()->AddLine(at, end, look.line);
}

// Beside each other with a line between.
void next_column(const Look& look, float height) {
  ImGui::SameLine(0, look.px(9));
  rule(look, true, height);
  ImGui::Dummy({look.px(1), height});
  ImGui::SameLine(0, look.px(9));
}

void next_row(const Look& look) {
  ImGui::Dummy({0, look.px(1)});
  rule(look, false, ImGui::GetContentRegionAvail().x);
  ImGui::Dummy({0, look.px(2)});
}

// The parts of which one is shown at a time; registers among them where they have no column of their own.
void draw_parts(Frame& frame, const MachineSource& source, const MachineChoice& choice, bool narrow) {
  Choices parts = {{"block", choice.block == nullptr ? frame.say("machine_view.part.block")
                                                     : views::block_name(choice.block->kind)},
                   {"interrupts", frame.say("machine_view.part.interrupts")},
                   {"devices", frame.say("machine_view.part.devices")}};
  if (narrow) parts.insert(parts.begin(), {"registers", frame.say("machine_view.part.registers")});
  choose(frame, "machine.part", parts);
  const std::string part = frame.state.option("machine.part");
  pane(part.c_str(), {0, 0}, [&] {
    if (part == "devices") return draw_machine_devices(frame, *source.document);
    if (part == "interrupts") return draw_machine_interrupts(frame, *source.document, choice);
    if (part == "registers" && narrow) return draw_machine_registers(frame, choice);
    draw_machine_block(frame, choice);
  });
}

// In columns: registers, code with the walk beneath, the parts with the console beneath.
void draw_panes(Frame& frame, const MachineSource& source, const MachineChoice& choice) {
  const Look& look = frame.look;
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const bool narrow = room.x < look.px(1000);
  const float between = 2 * look.px(9) + look.px(1);
  const float left = narrow ? 0 : std::clamp(room.x * 0.27F, look.px(270), look.px(420)) + between;
  const float right = std::clamp(room.x * (narrow ? 0.46F : 0.31F), look.px(300), look.px(560));
  // The listing has few lines: what it leaves is the walk's, which has all of its grid in a window of 760
  // lines.
  const float lines = static_cast<float>(choice.processor->code.size()) + 3;
  const float code = std::min(room.y * (choice.processor->walk.linear.empty() ? 0.5F : 0.34F),
                              lines * (look.mono->FontSize + look.px(4)));
  if (!narrow) {
    pane("registers", {left - between, room.y}, [&] { draw_machine_registers(frame, choice); });
    next_column(look, room.y);
  }
  pane("middle", {room.x - left - right - between, room.y}, [&] {
    pane("code", {0, code}, [&] { draw_machine_code(frame, choice); });
    next_row(look);
    pane("walk", {0, 0}, [&] { draw_machine_walk(frame, source, *choice.processor); });
  });
  next_column(look, room.y);
  pane("right", {0, room.y}, [&] {
    pane("parts", {0, room.y * 0.7F}, [&] { draw_parts(frame, source, choice, narrow); });
    next_row(look);
    pane("consoles", {0, 0}, [&] { draw_machine_console(frame, source, choice); });
  });
}

void take_keys(Frame& frame, const MachineSource& source) {
  if (frame.pressed(GLFW_KEY_ENTER)) retry_machine(frame, *source.run);
  if (frame.pressed(GLFW_KEY_T)) {
    const std::string now = frame.state.option("machine.part");
    frame.state.set("machine.part", now == "block"        ? "interrupts"
                                    : now == "interrupts" ? "devices"
                                                          : "block");
  }
  if (frame.pressed(GLFW_KEY_Z)) frame.state.set("machine.set_only", !frame.state.flag("machine.set_only"));
  if (frame.pressed(GLFW_KEY_C))
    frame.state.set("machine.changed_only", !frame.state.flag("machine.changed_only"));
  if (!frame.pressed(GLFW_KEY_P) || source.document == nullptr) return;
  // The next processor, then virtual ones, then the first again.
  std::vector<std::string> all;
  for (const auto& one : source.document->processors) all.push_back(std::to_string(one.number));
  for (const auto& one : source.document->blocks)
    all.push_back(std::to_string(one.vm) + ":" + std::to_string(one.vcpu));
  const auto at = std::ranges::find(all, frame.state.option("machine.processor"));
  const size_t now = at == all.end() ? 0 : static_cast<size_t>(at - all.begin());
  if (!all.empty()) frame.state.set("machine.processor", now + 1 < all.size() ? all[now + 1] : "");
}

// Where no cursor is, places to begin at.
void draw_beginnings(Frame& frame, const views::OpenRun& run) {
  nothing_to_show(frame, "view.machine", frame.say("machine_view.how"));
  const float width = ImGui::GetContentRegionAvail().x;
  ImGui::SetCursorPosX(width / 2 - frame.look.px(40));
  if (ImGui::Button(frame.say("machine_view.begin").c_str()) || frame.pressed(GLFW_KEY_ENTER)) {
    const bool known = run.trace() != nullptr && run.trace()->end() > 0;
    frame.state.at = known ? run.shared(run.trace()->end() / 2) : 0;
  }
}

}  // namespace

void draw_machine(Frame& frame) {
  if (frame.shown().empty()) return nothing_to_show(frame, "view.machine");
  const views::OpenRun& run = chosen_run(frame);
  if (!frame.state.at) return draw_beginnings(frame, run);
  const MachineSource source = machine_source(frame, run);
  take_keys(frame, source);
  draw_runs(frame, run);
  frame.status = frame.say("machine_view.hint");
  if (source.document == nullptr) return draw_standing(frame, source);
  const MachineChoice choice = chosen_machine(frame.state, *source.document);
  if (choice.processor == nullptr)
    return nothing_to_show(frame, "view.machine", frame.say("machine_view.empty"));
  draw_machine_processors(frame, *source.document);
  ImGui::SameLine(0, frame.look.px(22));
  draw_machine_steps(frame, source, choice);
  draw_standing(frame, source);
  draw_machine_condition(frame, choice);
  next_row(frame.look);
  draw_panes(frame, source, choice);
  if (frame.wants_tables) add_machine_tables(frame, source);
}

}  // namespace hvlab::visualizer
