// The page walk of an address, step by step.
#include "visualizer/machine_parts.hpp"

namespace hvlab::visualizer {

namespace {

void draw_steps(const std::vector<views::MachineStep>& steps, int depth) {
  for (const views::MachineStep& step : steps) {
    draw_steps(step.nested, depth + 1);
    ImGui::Text("%*s%s %s  %s  %s", depth * 2, "", step.table.c_str(), step.address.c_str(),
                step.entry.c_str(), step.fault.empty() ? step.next.c_str() : step.fault.c_str());
  }
}

}  // namespace

void draw_machine_walk(Frame& frame, const MachineSource&, const views::MachineProcessor& processor) {
  const views::MachineWalk& walk = processor.walk;
  if (walk.linear.empty()) return;
  ImGui::PushFont(frame.look.mono);
  draw_steps(walk.steps, 0);
  draw_steps(walk.nested, 1);
  ImGui::TextUnformatted((walk.fault.empty() ? walk.physical : walk.fault).c_str());
  ImGui::PopFont();
}

}  // namespace hvlab::visualizer
