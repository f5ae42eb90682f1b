// The page walk of an address, reference by reference.
#include "visualizer/machine_walk.hpp"

#include <algorithm>

#include "sim/views/walk_words.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

size_t walk_at(const ViewState& state, const views::WalkPicture& picture) {
  const long long at = state.number("machine.walk_at");
  const size_t count = picture.references.size();
  return at <= 0 ? count : std::min(static_cast<size_t>(at), count);
}

namespace {

void draw_modes(const Frame& frame, const views::MachineWalk& walk) {
  std::string text = walk.paging ? frame.say("walk.mode", {walk.mode}) : frame.say("walk.no_paging");
  if (walk.second_stage) text += " · " + frame.say("walk.second_mode", {walk.second_mode});
  ImGui::SameLine(0, frame.look.px(14));
  ImGui::TextDisabled("%s", fitted(text, ImGui::GetContentRegionAvail().x).c_str());
}

}  // namespace

void draw_machine_walk(Frame& frame, const MachineSource&, const views::MachineProcessor& processor) {
  const views::MachineWalk& walk = processor.walk;
  draw_caption(frame.look, frame.say("walk.title"));
  if (!walk.linear.empty()) draw_modes(frame, walk);
  draw_walk_address(frame, processor);
  if (walk.linear.empty()) {
    ImGui::PushTextWrapPos(0);
    ImGui::TextDisabled("%s", frame.say("walk.none").c_str());
    return ImGui::PopTextWrapPos();
  }
  const views::WalkPicture picture = views::walk_picture(walk);
  const views::WalkReference* now = picture.at(walk_at(frame.state, picture));
  draw_walk_fields(frame, walk, picture, now);
  if (now != nullptr) {
    draw_walk_steps(frame, picture);
    draw_walk_grid(frame, picture, now);
  }
  ImGui::PushTextWrapPos(0);
  if (now != nullptr) ImGui::TextUnformatted(views::words_of(frame.say, *now).c_str());
  if (now == nullptr || now == &picture.references.back()) {
    if (!walk.fault.empty()) ImGui::PushStyleColor(ImGuiCol_Text, frame.look.bad);
    ImGui::TextUnformatted(views::result_of(frame.say, walk).c_str());
    if (!walk.fault.empty()) ImGui::PopStyleColor();
  }
  ImGui::PopTextWrapPos();
}

}  // namespace hvlab::visualizer
