// A sweep: how a metric answers to what was varied, and what moves it most.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/parts.hpp"
#include "visualizer/sweep_parts.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {

namespace {

using views::SweepCurves;
using views::SweepPoint;

std::string folder_of(const Frame& frame) {
  if (std::string given = frame.state.option("sweep.folder"); !given.empty()) return given;
  for (const auto& run : frame.runs.runs)
    if (const auto found = views::sweep_folder_of(run->reader().path()); !found.empty()) return found;
  return "";
}

void combo(Frame& frame, const char* option, const std::string& chosen, const std::vector<std::string>& all,
           const std::string& label) {
  ImGui::AlignTextToFramePadding();
  ImGui::TextDisabled("%s", label.c_str());
  ImGui::SameLine();
  Choices choices;
  for (const std::string& one : all) choices.emplace_back(one, one);
  choose_from(frame, option, choices, text_width(chosen) / frame.look.scale + 50, chosen);
  ImGui::SameLine(0, frame.look.px(20));
}

std::string next_of(const std::vector<std::string>& all, const std::string& chosen) {
  const auto at = std::ranges::find(all, chosen);
  return at == all.end() || at + 1 == all.end() ? all.front() : *(at + 1);
}

std::string chosen_of(const Frame& frame, const char* option, const std::vector<std::string>& all,
                      const std::vector<std::string>& first) {
  std::string chosen = frame.state.option(option);
  if (std::ranges::find(all, chosen) != all.end()) return chosen;
  return first.empty() ? all.front() : first.front();
}

std::vector<Table> tables_of(const SweepCurves& curves, const std::vector<views::Sensitivity>& all) {
  const std::string unit = curves.unit.empty() ? "" : " (" + curves.unit + ")";
  Table points{.name = "curves", .columns = {"curve", curves.axis, curves.metric + unit, "cell"}, .rows = {}};
  for (const auto& curve : curves.curves)
    for (const SweepPoint& point : curve.points)
      points.rows.push_back({curve.name, point.label, fmt::format("{}", point.y),
                             point.cell ? std::to_string(*point.cell) : ""});
  Table moves{.name = "sensitivity of " + curves.metric,
              .columns = {"what", "assumed", "lowest share", "at", "highest share", "at", "elasticity"},
              .rows = {}};
  for (const views::Sensitivity& one : all)
    moves.rows.push_back({one.path, one.assumed ? "yes" : "no", fmt::format("{}", one.lower), one.lower_at,
                          fmt::format("{}", one.higher), one.higher_at,
                          one.elasticity ? fmt::format("{}", *one.elasticity) : ""});
  return {points, moves};
}

void draw_document(Frame& frame, const nlohmann::ordered_json& document, const std::string& folder) {
  const views::SweepChoices choices = views::sweep_choices(document);
  if (choices.metrics.empty() || choices.axes.empty())
    return nothing_to_show(frame, "view.sweep", frame.say("sweep.empty"));
  // What users wait for, if it was measured; else what the sweep moves most.
  const std::vector<std::string> first = std::ranges::count(choices.metrics, "workload.time") != 0
                                             ? std::vector<std::string>{"workload.time"}
                                             : choices.shown;
  const std::string metric = chosen_of(frame, "sweep.metric", choices.metrics, first);
  const std::string axis = chosen_of(frame, "sweep.axis", choices.axes, {});
  const auto& keyed = choices.shown.empty() ? choices.metrics : choices.shown;
  if (frame.pressed(GLFW_KEY_M)) frame.state.set("sweep.metric", next_of(keyed, metric));
  if (frame.pressed(GLFW_KEY_A)) frame.state.set("sweep.axis", next_of(choices.axes, axis));
  combo(frame, "sweep.metric", metric, choices.metrics, frame.say("sweep.metric"));
  combo(frame, "sweep.axis", axis, choices.axes, frame.say("sweep.axis"));
  std::string about = folder;
  if (choices.unfinished != 0)
    about += " · " + frame.say("sweep.unfinished", {std::to_string(choices.unfinished)});
  ImGui::TextDisabled("%s", about.c_str());

  const SweepCurves curves = views::sweep_curves(document, metric, axis);
  const std::vector<views::Sensitivity> all = views::sensitivities(document, metric);
  const Look& look = frame.look;
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float tornado = std::min(look.px(460), room.x * 0.36F);
  ImGui::BeginChild("curves", {room.x - tornado - look.px(24), 0});
  ImGui::PushFont(look.strong);
  ImGui::TextUnformatted((metric + (curves.means ? "  " + frame.say("sweep.means") : "")).c_str());
  ImGui::PopFont();
  draw_sweep_plot(frame, curves, folder);
  ImGui::EndChild();
  ImGui::SameLine(0, look.px(24));
  ImGui::BeginChild("tornado", {0, 0});
  draw_sweep_moves(frame, all, tornado - look.px(20));
  ImGui::EndChild();
  frame.status = frame.say("sweep.keys");
  if (frame.wants_tables) frame.tables = tables_of(curves, all);
}

}  // namespace

void draw_sweep(Frame& frame) {
  const std::string folder = folder_of(frame);
  if (folder.empty()) return nothing_to_show(frame, "view.sweep", frame.say("sweep.none"));
  const Answer& answer = frame.ask.ask({"sweep", "--show", folder, "--json"});
  if (answer.state == Answer::State::Waiting) {
    frame.loading = true;
    return nothing_to_show(frame, "view.sweep", frame.say("sweep.waiting"));
  }
  if (answer.state == Answer::State::Failed) return nothing_to_show(frame, "view.sweep", answer.error);
  try {
    draw_document(frame, answer.document, folder);
  } catch (const nlohmann::json::exception& error) {
    nothing_to_show(frame, "view.sweep", frame.say("sweep.strange", {error.what()}));
  }
}

}  // namespace hvlab::visualizer
