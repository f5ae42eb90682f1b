// Of the page walk: the address that is walked, and going along it.
#include <GLFW/glfw3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "visualizer/machine_walk.hpp"
#include "visualizer/parts.hpp"

namespace hvlab::visualizer {

namespace {

constexpr double kReferenceSeconds = 1.2;  // of playing

// Of the window, not of the state: a picture does not depend on them.
struct Playing {
  bool on = false;
  double since = 0;
};
Playing playing;
std::string unknown;  // what was typed and is no address

std::string lowered(std::string text) {
  std::erase(text, ' ');
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// "rip" and the like as the processor has it, else hex with or without "0x".
std::optional<std::string> address_of(const views::MachineProcessor& processor, const std::string& typed) {
  const std::string text = lowered(typed);
  for (const auto& one : processor.registers)
    if (one.group != "segments" && one.name == text && one.value.size() <= 18) return one.value;
  const std::string digits = text.rfind("0x", 0) == 0 ? text.substr(2) : text;
  if (digits.empty() || digits.size() > 16) return std::nullopt;
  if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  return "0x" + digits;
}

void walk_address(Frame& frame, const views::MachineProcessor& processor, const std::string& typed) {
  const auto address = address_of(processor, typed);
  unknown = address ? "" : typed;
  if (!address) return;
  frame.state.set("machine.address", *address);
  frame.state.set("machine.walk_at", "");
}

void go_to(Frame& frame, size_t number) {
  frame.state.set_number("machine.walk_at", static_cast<long long>(number));
}

bool step_button(const Frame& frame, const char* label, const char* text) {
  ImGui::SameLine(0, frame.look.px(2));
  const bool pressed = ImGui::Button(label);
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", frame.say(text).c_str());
  return pressed;
}

// From the end it begins anew.
void toggle_play(Frame& frame, size_t at, size_t count) {
  playing = {!playing.on, frame.seconds};
  if (playing.on && at >= count) go_to(frame, 1);
}

void play(Frame& frame, size_t at, size_t count) {
  if (!playing.on || frame.still) return;
  if (at >= count) {
    playing.on = false;
    return;
  }
  frame.animate = true;
  if (frame.seconds - playing.since < kReferenceSeconds) return;
  playing.since = frame.seconds;
  go_to(frame, at + 1);
}

}  // namespace

void draw_walk_address(Frame& frame, const views::MachineProcessor& processor) {
  static std::array<char, 40> typed{};
  static std::string shown;
  const std::string address = frame.state.option("machine.address");
  if (shown != address) {  // it was chosen elsewhere
    shown = address;
    std::snprintf(typed.data(), typed.size(), "%s", address.c_str());
    unknown.clear();
  }
  ImGui::SetNextItemWidth(frame.look.px(168));
  bool go = ImGui::InputTextWithHint("##address", frame.say("walk.address").c_str(), typed.data(),
                                     typed.size(), ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::SameLine(0, frame.look.px(4));
  go |= ImGui::Button(frame.say("walk.go").c_str());
  if (go) walk_address(frame, processor, typed.data());
  for (const char* name : {"RIP", "RSP"}) {
    ImGui::SameLine(0, frame.look.px(4));
    if (ImGui::Button(name)) walk_address(frame, processor, name);
  }
  if (unknown.empty()) return;
  ImGui::PushTextWrapPos(0);
  ImGui::TextColored(color_of(frame.look.bad), "%s", frame.say("walk.unknown", {unknown}).c_str());
  ImGui::PopTextWrapPos();
}

void draw_walk_steps(Frame& frame, const views::WalkPicture& picture) {
  const size_t count = picture.references.size(), at = walk_at(frame.state, picture);
  play(frame, at, count);
  const bool toggled =
      ImGui::Button(frame.say(playing.on ? "walk.pause" : "walk.play").c_str(), {frame.look.px(64), 0});
  if (toggled || frame.pressed(GLFW_KEY_SPACE)) toggle_play(frame, at, count);
  const bool first = step_button(frame, "|\u25c0##walk", "walk.first_one") || frame.pressed(GLFW_KEY_HOME);
  const bool back = step_button(frame, "\u25c0##walk", "walk.step_back") || frame.pressed(GLFW_KEY_UP);
  const bool on = step_button(frame, "\u25b6##walk", "walk.step_on") || frame.pressed(GLFW_KEY_DOWN);
  const bool last = step_button(frame, "\u25b6|##walk", "walk.last_one") || frame.pressed(GLFW_KEY_END);
  if (first || back || on || last) playing.on = false;
  if (first) go_to(frame, 1);
  if (back && at > 1) go_to(frame, at - 1);
  if (on && at < count) go_to(frame, at + 1);
  if (last) frame.state.set("machine.walk_at", "");
  ImGui::SameLine(0, frame.look.px(10));
  const std::string text =
      frame.say("walk.count", {std::to_string(at), std::to_string(count), std::to_string(picture.reads)});
  ImGui::TextDisabled("%s", fitted(text, ImGui::GetContentRegionAvail().x).c_str());
}

}  // namespace hvlab::visualizer
