// The machine's state at the cursor: registers, code, what its virtual processors are kept in, devices.
#include <GLFW/glfw3.h>

#include <algorithm>
#include <string>

#include "visualizer/machine_parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

void draw_waiting(Frame& frame, const MachineSource& source) {
  if (source.busy) {
    ImGui::TextDisabled("%s", frame.say("machine_state.computing").c_str());
    ImGui::SameLine();
    if (ImGui::Button(frame.say("machine_state.cancel").c_str())) cancel_machine(frame, *source.run);
  }
  if (!source.problem.empty()) ImGui::TextWrapped("%s", source.problem.c_str());
}

void draw_registers(Frame& frame, const views::MachineProcessor& processor) {
  ImGui::PushFont(frame.look.mono);
  for (const views::MachineRegister& one : processor.registers)
    ImGui::Text("%-8s %-14s %s  %s", one.group.c_str(), one.name.c_str(), one.value.c_str(),
                one.text.c_str());
  for (const views::MachineCode& line : processor.code)
    ImGui::Text("%s %s  %s  %s", line.current ? "=>" : "  ", line.address.c_str(), line.text.c_str(),
                line.symbol.c_str());
  ImGui::PopFont();
}

}  // namespace

void draw_machine(Frame& frame) {
  const std::vector<views::OpenRun*> shown = frame.shown();
  if (shown.empty()) return nothing_to_show(frame, "view.machine");
  if (!frame.state.at) return nothing_to_show(frame, "view.machine", frame.say("machine_state.how"));
  if (frame.pressed(GLFW_KEY_ENTER)) retry_machine(frame, *shown.front());
  const MachineSource source = machine_source(frame, *shown.front());
  draw_waiting(frame, source);
  if (source.document == nullptr || source.document->processors.empty()) return;
  ImGui::BeginChild("state", {0, 0}, false, ImGuiWindowFlags_HorizontalScrollbar);
  const views::MachineProcessor& processor = source.document->processors.front();
  draw_registers(frame, processor);
  draw_machine_walk(frame, source, processor);
  ImGui::EndChild();
}

}  // namespace hvlab::visualizer
