// A request, or an exit, walking through the layers of each architecture.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/ladder_picture.hpp"
#include "visualizer/ladder_table.hpp"
#include "visualizer/live_words.hpp"
#include "visualizer/parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

bool playing = false;  // the window's alone: a picture is the same with it and without

bool shows_exit(const Frame& frame) { return frame.state.option("ladder.mode") == "exit"; }

void clear_zoom(ViewState& state) {
  state.set("ladder.from", std::string());
  state.set("ladder.until", std::string());
}

void pick(Frame& frame, const char* option, const Choices& choices) {
  if (choose(frame, option, choices)) clear_zoom(frame.state);
}

void pick_from(Frame& frame, const char* option, const Choices& choices, float width) {
  if (choose_from(frame, option, choices, width)) clear_zoom(frame.state);
}

void gap(const Frame& frame) { ImGui::SameLine(0, frame.look.px(18)); }

// The n-th in time instead of the one that is shown.
void move_choice(Frame& frame, const std::vector<RunLadder>& ladders, int by) {
  for (const RunLadder& it : ladders) {
    if (it.matching == 0) continue;
    const auto next = std::clamp<long long>(static_cast<long long>(it.chosen) + 1 + by, 1,
                                            static_cast<long long>(it.matching));
    frame.state.set_number(shows_exit(frame) ? "ladder.exit" : "ladder.request", next);
    return;
  }
}

void choose_what(Frame& frame, const std::vector<RunLadder>& ladders) {
  if (shows_exit(frame)) {
    Choices reasons;
    for (const std::string& reason : reasons_of(frame)) reasons.emplace_back(reason, reason);
    pick_from(frame, "ladder.reason", reasons, 130);
    return;
  }
  Choices operations, groups{{"", frame.say("ladder.innermost")}};
  for (const observe::IoOperation operation : operations_of(ladders))
    operations.emplace_back(observe::name(operation),
                            frame.say(std::string("ladder.operations.") + observe::name(operation)));
  pick_from(frame, "ladder.operation", operations, 170);
  for (const auto& [system, operation, bytes] : groups_of(ladders, frame.state.option("ladder.operation")))
    groups.emplace_back(fmt::format("{}:{}", system, bytes),
                        system == 0
                            ? frame.say("ladder.group_own", {show_count(bytes)})
                            : frame.say("ladder.group_vm", {std::to_string(system), show_count(bytes)}));
  ImGui::SameLine();
  pick_from(frame, "ladder.group", groups, 230);
}

void choose_which(Frame& frame, const std::vector<RunLadder>& ladders) {
  const char* option = shows_exit(frame) ? "ladder.exit" : "ladder.request";
  Choices choices;
  for (const char* choice : {"quickest", "median", "p90", "p99", "slowest"})
    choices.emplace_back(choice, frame.say(std::string("ladder.which.") + choice));
  const std::string& now = frame.state.option(option);
  if (std::ranges::find(choices, now, &Choices::value_type::first) == choices.end())
    choices.emplace_back(now, frame.say("ladder.which.nth", {now}));
  pick_from(frame, option, choices, 130);
  ImGui::SameLine(0, frame.look.px(2));
  if (ImGui::Button("−##fewer")) move_choice(frame, ladders, -1);
  ImGui::SameLine(0, frame.look.px(2));
  if (ImGui::Button("+##more")) move_choice(frame, ladders, 1);
}

// The place of the next begin of a step in any ladder, or of the one before.
double stepped(const std::vector<RunLadder>& ladders, const LadderScale& scale, double at, bool forward) {
  double found = forward ? scale.longest : 0;
  for (size_t i = 0; i < ladders.size(); ++i) {
    for (const Picoseconds each : scale.places[i]) {
      const double place = static_cast<double>(each) + scale.shift[i];
      if (forward && place > at + 0.5) found = std::min(found, place);
      if (!forward && place < at - 0.5) found = std::max(found, place);
    }
  }
  return found;
}

double seconds_of(const Frame& frame) {
  return std::max<double>(1, static_cast<double>(frame.state.number("ladder.seconds")));
}

void step_to(Frame& frame, const std::vector<RunLadder>& ladders, const LadderScale& scale, bool forward) {
  const bool nowhere = frame.state.option("ladder.at").empty();
  const double at =
      nowhere ? forward ? 0 : scale.longest : static_cast<double>(frame.state.number("ladder.at"));
  frame.state.set_number(
      "ladder.at", nowhere && forward ? 0 : static_cast<long long>(stepped(ladders, scale, at, forward)));
  playing = false;
}

void toggle_play(Frame& frame, const LadderScale& scale) {
  playing = !playing;
  const bool ended = frame.state.option("ladder.at").empty() ||
                     static_cast<double>(frame.state.number("ladder.at")) >= scale.longest - 1;
  if (playing && ended) frame.state.set_number("ladder.at", 0);
}

void play(Frame& frame, const LadderScale& scale) {
  if (!playing || frame.still || frame.loading) return;
  const double at = static_cast<double>(frame.state.number("ladder.at"));
  const double next =
      at + (scale.until - scale.from) * static_cast<double>(std::min(frame.delta, 0.1F)) / seconds_of(frame);
  playing = next < scale.longest;
  frame.state.set_number("ladder.at", static_cast<long long>(std::min(next, scale.longest)));
  frame.animate = playing;
}

void draw_play(Frame& frame, const std::vector<RunLadder>& ladders, const LadderScale& scale) {
  if (ImGui::Button(frame.say(playing ? "ladder.pause" : "ladder.play").c_str(), {frame.look.px(76), 0}))
    toggle_play(frame, scale);
  ImGui::SameLine(0, frame.look.px(2));
  if (ImGui::Button(frame.say("ladder.back").c_str())) step_to(frame, ladders, scale, false);
  ImGui::SameLine(0, frame.look.px(2));
  if (ImGui::Button(frame.say("ladder.step").c_str())) step_to(frame, ladders, scale, true);
  ImGui::SameLine(0, frame.look.px(2));
  if (ImGui::Button(frame.say("ladder.all").c_str())) {
    frame.state.set("ladder.at", std::string());
    playing = false;
  }
  ImGui::SameLine();
  Choices speeds;
  for (const int seconds : {5, 10, 20, 60})
    speeds.emplace_back(std::to_string(seconds), frame.say("ladder.seconds", {std::to_string(seconds)}));
  pick_from(frame, "ladder.seconds", speeds, 110);
}

void draw_toolbar(Frame& frame, const std::vector<RunLadder>& ladders, const LadderScale& scale) {
  pick(frame, "ladder.mode",
       {{"request", frame.say("ladder.requests")}, {"exit", frame.say("ladder.one_exit")}});
  gap(frame);
  choose_what(frame, ladders);
  gap(frame);
  choose_which(frame, ladders);
  gap(frame);
  pick(frame, "ladder.scale",
       {{"short", frame.say("ladder.scale_short")}, {"time", frame.say("ladder.scale_time")}});
  gap(frame);
  draw_play(frame, ladders, scale);
}

void take_keys(Frame& frame, const std::vector<RunLadder>& ladders, const LadderScale& scale) {
  if (frame.pressed(GLFW_KEY_SPACE)) toggle_play(frame, scale);
  if (frame.pressed(GLFW_KEY_RIGHT)) step_to(frame, ladders, scale, true);
  if (frame.pressed(GLFW_KEY_LEFT)) step_to(frame, ladders, scale, false);
  if (frame.pressed(GLFW_KEY_HOME)) frame.state.set_number("ladder.at", 0);
  if (frame.pressed(GLFW_KEY_END)) frame.state.set("ladder.at", std::string());
  if (frame.pressed(GLFW_KEY_UP)) move_choice(frame, ladders, 1);
  if (frame.pressed(GLFW_KEY_DOWN)) move_choice(frame, ladders, -1);
  if (frame.pressed(GLFW_KEY_M))
    frame.state.set("ladder.mode", std::string(shows_exit(frame) ? "request" : "exit"));
  if (frame.pressed(GLFW_KEY_W))
    frame.state.set("ladder.scale",
                    std::string(frame.state.option("ladder.scale") == "short" ? "time" : "short"));
  if (frame.pressed(GLFW_KEY_Z)) clear_zoom(frame.state);
}

// Where a request is that walks: what the first of the shown ones is at.
std::string status_of(const Frame& frame, const std::vector<RunLadder>& ladders, const LadderScale& scale,
                      std::optional<double> at) {
  if (!at) return frame.say("ladder.hint");
  for (size_t i = 0; i < ladders.size(); ++i) {
    if (ladders[i].ladder.steps.empty()) continue;
    const views::Ladder& ladder = ladders[i].ladder;
    const Picoseconds time = views::time_at(ladder, scale.places[i], *at - scale.shift[i]);
    const views::Moment now = views::moment_at(ladder, time);
    const std::string what =
        now.over ? frame.say("ladder.over") : step_text(frame, ladder.steps[now.step].label);
    return frame.say("ladder.now", {ladders[i].run->name(),
                                    show_time(static_cast<PicosecondDelta>(time) -
                                              static_cast<PicosecondDelta>(ladder.zero)),
                                    what, std::to_string(now.crossings)});
  }
  return "";
}

}  // namespace

void draw_ladder(Frame& frame) {
  if (frame.runs.runs.empty()) return nothing_to_show(frame, "view.ladder");
  const std::vector<RunLadder> ladders = ladders_of(frame);
  const LadderScale scale = scale_of(frame, ladders);
  take_keys(frame, ladders, scale);
  draw_toolbar(frame, ladders, scale);
  std::vector<ShownVersion> versions;
  for (const RunLadder& it : ladders) versions.push_back({it.run, it.version});
  draw_live_words(frame, versions);
  play(frame, scale);
  std::optional<double> at;
  if (!frame.state.option("ladder.at").empty()) at = static_cast<double>(frame.state.number("ladder.at"));
  const float all = ImGui::GetContentRegionAvail().y;
  const float table = table_height(frame, ladders, all * 0.36F);
  draw_ladders(frame, ladders, scale, at, all - table - ImGui::GetStyle().ItemSpacing.y);
  draw_ladder_table(frame, ladders, table);
  frame.status = status_of(frame, ladders, scale, at);
}

}  // namespace hvlab::visualizer
