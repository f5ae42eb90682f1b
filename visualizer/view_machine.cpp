// The machine's state at a moment, as `hvlab inspect` tells it: asked for in the background, kept.
#include <GLFW/glfw3.h>

#include <algorithm>
#include <string>

#include "visualizer/frame.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

// A paused live run's document could come from frame.live.state(run, address) instead.
void draw_state(Frame& frame, const views::OpenRun& run, Picoseconds at) {
  const std::vector<std::string> question = {"inspect", run.reader().path().string(), "--at",
                                             std::to_string(std::max<Picoseconds>(at, 1)) + "ps"};
  const Answer& answer = frame.ask.ask(question);
  if (answer.state == Answer::State::Waiting) {
    frame.loading = true;
    ImGui::TextDisabled("%s", frame.say("machine_state.computing").c_str());
    ImGui::SameLine();
    if (!ImGui::Button(frame.say("machine_state.cancel").c_str())) return;
    frame.ask.forget(question);
    frame.state.set("machine.at", std::string());
    return;
  }
  if (answer.state == Answer::State::Failed) return ImGui::TextWrapped("%s", answer.error.c_str());
  ImGui::BeginChild("state", {0, 0}, false, ImGuiWindowFlags_HorizontalScrollbar);
  ImGui::PushFont(frame.look.mono);
  ImGui::TextUnformatted(answer.text.data(), answer.text.data() + answer.text.size());
  ImGui::PopFont();
  ImGui::EndChild();
}

}  // namespace

void draw_machine(Frame& frame) {
  const std::vector<views::OpenRun*> shown = frame.shown();
  if (shown.empty()) return nothing_to_show(frame, "view.machine");
  if (frame.state.at) {
    const bool asked = ImGui::Button(frame.say("machine_state.look", {show_time(*frame.state.at)}).c_str());
    if (asked || frame.pressed(GLFW_KEY_ENTER)) frame.state.set_number("machine.at", *frame.state.at);
  }
  if (frame.state.option("machine.at").empty())
    return nothing_to_show(frame, "view.machine", frame.say("machine_state.how"));
  draw_state(frame, *shown.front(), shown.front()->own(frame.state.number("machine.at")));
}

}  // namespace hvlab::visualizer
