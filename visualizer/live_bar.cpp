#include "visualizer/live_bar.hpp"

#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace hvlab::visualizer {

namespace {

std::vector<std::pair<size_t, ChosenLive>> live_ones(Frame& frame) {
  std::vector<std::pair<size_t, ChosenLive>> found;
  for (const size_t number : frame.shown_numbers()) {
    views::OpenRun& run = *frame.runs.runs[number];
    if (LiveRun* live = frame.live.of(run); live != nullptr) found.push_back({number, {&run, live}});
  }
  return found;
}

std::string speed_text(const Frame& frame, double speed) {
  return speed == 0 ? frame.say("live.fastest") : fmt::format("{:g} ×", speed);
}

// "VM:VCPU"; nothing if `text` is not that.
std::optional<LiveVcpu> vcpu_of(const std::string& text) {
  LiveVcpu vcpu;
  const char* last = text.data() + text.size();
  const auto [colon, error] = std::from_chars(text.data(), last, vcpu.vm);
  if (error != std::errc() || colon == last || *colon != ':') return std::nullopt;
  const auto [end, wrong] = std::from_chars(colon + 1, last, vcpu.vcpu);
  return wrong == std::errc() && end == last ? std::optional(vcpu) : std::nullopt;
}

std::string vcpu_text(const Frame& frame, const LiveVcpu& vcpu) {
  return frame.say("live.vcpu", {std::to_string(vcpu.vm), std::to_string(vcpu.vcpu)});
}

// The run's own words, in the window's language.
std::string why_text(const Frame& frame, const std::string& why) {
  static constexpr std::pair<const char*, const char*> kKnown[] = {
      {"waiting for somebody to say go", "live.why_waits"},
      {"asked for", "live.why_asked"},
      {"one instruction", "live.why_instruction"},
      {"the time asked for", "live.why_time"}};
  for (const auto& [text, key] : kKnown)
    if (why == text) return frame.say(key);
  return why.starts_with("exit ") ? frame.say("live.why_exit", {why.substr(5)}) : why;
}

// What comes next is `width` wide; it goes to a line of its own where there is no room for it.
void beside(float width, float gap = -1) {
  ImGui::SameLine(0, gap);
  if (ImGui::GetContentRegionAvail().x < width) ImGui::NewLine();
}

bool button(const Frame& frame, const char* key, const char* hint) {
  const std::string text = frame.say(key);
  beside(ImGui::CalcTextSize(text.c_str()).x + 2 * ImGui::GetStyle().FramePadding.x);
  const bool pressed = ImGui::Button(text.c_str());
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s", hint);
  return pressed;
}

void choose_run(Frame& frame, const ChosenLive& chosen) {
  const auto all = live_ones(frame);
  ImGui::AlignTextToFramePadding();
  if (all.size() == 1) return ImGui::TextUnformatted(chosen.run->name().c_str());
  ImGui::SetNextItemWidth(frame.look.px(220));
  if (!ImGui::BeginCombo("##live", chosen.run->name().c_str())) return;
  for (const auto& [number, one] : all) {
    ImGui::PushID(static_cast<int>(number));
    if (ImGui::Selectable(one.run->name().c_str(), one.run == chosen.run))
      frame.state.set_number("live.run", static_cast<long long>(number) + 1);
    ImGui::PopID();
  }
  ImGui::EndCombo();
}

void choose_vcpu(Frame& frame, const LiveStatus& status) {
  const auto now = vcpu_of(frame.state.option("live.to"));
  const std::string any = frame.say("live.any"), text = now ? vcpu_text(frame, *now) : any;
  const float width = std::max(frame.look.px(120), ImGui::CalcTextSize(text.c_str()).x + frame.look.px(40));
  beside(width, frame.look.px(2));
  ImGui::SetNextItemWidth(width);
  if (!ImGui::BeginCombo("##to", text.c_str())) return;
  if (ImGui::Selectable(any.c_str(), !now)) frame.state.set("live.to", "");
  for (const LiveVcpu& vcpu : status.vcpus) {
    const bool chosen = now && now->vm == vcpu.vm && now->vcpu == vcpu.vcpu;
    const std::string one = vcpu_text(frame, vcpu) + "  (" + show_count(vcpu.exits) + ")";
    if (ImGui::Selectable(one.c_str(), chosen))
      frame.state.set("live.to", fmt::format("{}:{}", vcpu.vm, vcpu.vcpu));
  }
  ImGui::EndCombo();
}

void choose_speed(Frame& frame, LiveRun& live, double speed) {
  const std::string label = frame.say("live.speed");
  beside(ImGui::CalcTextSize(label.c_str()).x + ImGui::GetStyle().ItemSpacing.x + frame.look.px(150),
         frame.look.px(16));
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", label.c_str());
  ImGui::SameLine();
  ImGui::SetNextItemWidth(frame.look.px(150));
  if (ImGui::BeginCombo("##speed", speed_text(frame, speed).c_str())) {
    for (const double one : live_speeds())
      if (ImGui::Selectable(speed_text(frame, one).c_str(), one == speed)) live.set_speed(one);
    ImGui::EndCombo();
  }
  if (ImGui::IsItemHovered()) ImGui::SetTooltip("F6  F7\n%s", frame.say("live.speed_words").c_str());
}

void draw_standing(Frame& frame, const LiveStatus& status) {
  const Look& look = frame.look;
  const std::string stands = frame.say(status.paused ? "live.paused" : "live.running");
  const std::string time = show_time(static_cast<PicosecondDelta>(status.here()), 1000);
  beside(ImGui::CalcTextSize((stands + "  " + time).c_str()).x + look.px(16), look.px(16));
  ImGui::AlignTextToFramePadding();
  ImGui::PushStyleColor(ImGuiCol_Text, status.paused ? look.bad : look.good);
  ImGui::TextUnformatted(stands.c_str());
  ImGui::PopStyleColor();
  ImGui::SameLine();
  ImGui::PushFont(look.strong);
  ImGui::TextUnformatted(time.c_str());
  ImGui::PopFont();
  if (!status.paused) return;
  const std::string why = why_text(frame, status.why);
  beside(ImGui::CalcTextSize(why.c_str()).x);
  ImGui::TextDisabled("%s", why.c_str());
}

void draw_buttons(Frame& frame, LiveRun& live, const LiveStatus& status) {
  if (button(frame, status.paused ? "live.go" : "live.pause", "F5")) status.paused ? live.go() : live.pause();
  if (button(frame, "live.step_exit", "F10")) live.step_exit(vcpu_of(frame.state.option("live.to")));
  choose_vcpu(frame, status);
  if (button(frame, "live.step_instruction", "F11")) live.step_instruction();
  choose_speed(frame, live, status.speed);
}

void take_live_keys(Frame& frame, LiveRun& live, const LiveStatus& status) {
  if (frame.pressed_with(GLFW_KEY_F5, 0)) status.paused ? live.go() : live.pause();
  if (frame.pressed_with(GLFW_KEY_F10, 0)) live.step_exit(vcpu_of(frame.state.option("live.to")));
  if (frame.pressed_with(GLFW_KEY_F11, 0)) live.step_instruction();
  if (frame.pressed_with(GLFW_KEY_F6, 0)) live.set_speed(other_speed(status.speed, 1));
  if (frame.pressed_with(GLFW_KEY_F7, 0)) live.set_speed(other_speed(status.speed, -1));
}

}  // namespace

ChosenLive chosen_live(Frame& frame) {
  const auto all = live_ones(frame);
  const long long wanted = frame.state.number("live.run");
  for (const auto& [number, one] : all)
    if (static_cast<long long>(number) + 1 == wanted) return one;
  return all.empty() ? ChosenLive{} : all.front().second;
}

void draw_live_bar(Frame& frame) {
  const ChosenLive chosen = chosen_live(frame);
  if (chosen.live == nullptr) return;
  ImGui::PushID("live");
  choose_run(frame, chosen);
  const std::optional<LiveStatus> status = chosen.live->status();
  if (status && chosen.live->attached()) {
    take_live_keys(frame, *chosen.live, *status);
    draw_buttons(frame, *chosen.live, *status);
    draw_standing(frame, *status);
  } else {
    ImGui::SameLine();
    ImGui::TextDisabled("%s", frame.say(chosen.live->attached() ? "live.attaching" : "live.lost").c_str());
  }
  if (!chosen.live->problem().empty()) {
    ImGui::SameLine();
    ImGui::TextUnformatted(chosen.live->problem().c_str());
  }
  ImGui::PopID();
}

bool follows(const ViewState& state, PicosecondDelta end) {
  return state.flag("timeline.follow") && (!state.until || *state.until >= end);
}

void follow(ViewState& state, PicosecondDelta before, PicosecondDelta end) {
  if (!follows(state, before) || !state.until || end <= before) return;
  const PicosecondDelta by = end - *state.until;
  if (by <= 0) return;  // what is in sight has room for it
  state.until = end;
  if (state.from) *state.from += by;
}

}  // namespace hvlab::visualizer
