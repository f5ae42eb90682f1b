#include "visualizer/lesson_parts.hpp"

namespace hvlab::visualizer {

namespace {

using State = LessonRun::State;

ImU32 color_of(const Look& look, State state) {
  if (state == State::Done) return look.good;
  if (state == State::Failed) return look.bad;
  return state == State::Running ? look.accent : look.faint;
}

// A bar of cells, and what is said of them.
void draw_progress(const Frame& frame, const LessonRun& run) {
  const Look& look = frame.look;
  static constexpr const char* kKeys[] = {"lesson.run.waiting", "lesson.run.running", "lesson.run.done",
                                          "lesson.run.failed"};
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = look.px(90), height = look.px(6), line = ImGui::GetTextLineHeight();
  const size_t cells = std::max<size_t>(run.cells, 1);
  const float one = width / static_cast<float>(cells);
  for (size_t i = 0; i < cells; ++i) {
    const float x = at.x + one * static_cast<float>(i);
    const bool full = run.state == State::Done || run.state == State::Failed || i < run.ended;
    ImGui::GetWindowDrawList()->AddRectFilled({x, at.y + (line - height) / 2},
                                              {x + one - look.px(2), at.y + (line + height) / 2},
                                              full ? color_of(look, run.state) : look.line, look.px(2));
  }
  ImGui::Dummy({width, line});
  ImGui::SameLine();
  ImGui::PushFont(look.mono);
  ImGui::TextUnformatted(run.scenario.c_str());
  ImGui::PopFont();
  ImGui::SameLine();
  const std::string counts[] = {std::to_string(run.ended), std::to_string(run.cells)};
  ImGui::TextDisabled("%s", frame.say(kKeys[static_cast<size_t>(run.state)], {counts[0], counts[1]}).c_str());
  if (run.problem.empty()) return;
  ImGui::PushTextWrapPos(0);
  ImGui::TextColored(ImGui::ColorConvertU32ToFloat4(look.bad), "%s", run.problem.c_str());
  ImGui::PopTextWrapPos();
}

bool button(const Frame& frame, const char* key, bool enabled, bool main) {
  const Look& look = frame.look;
  ImGui::BeginDisabled(!enabled);
  if (main) {
    ImGui::PushStyleColor(ImGuiCol_Button, look.accent);
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered, faded(look.accent, 0.85F));
    ImGui::PushStyleColor(ImGuiCol_Text, look.dark ? look.ground : 0xffffffff);
  }
  const bool clicked = ImGui::Button(frame.say(key).c_str());
  if (main) ImGui::PopStyleColor(3);
  ImGui::EndDisabled();
  return clicked;
}

bool all_measured(const LessonFrame& at) {
  return std::ranges::all_of(at.lesson.scenarios,
                             [&](const std::string& name) { return at.progress.runs.contains(name); });
}

void draw_buttons(LessonFrame& at) {
  const bool predicted = views::all_predicted(at.lesson, at.progress);
  const bool again = all_measured(at) && !at.runner.running();
  if (at.runner.running()) return;
  if (button(at.frame, again ? "lesson.run.again" : "lesson.run.start", may_run(at), !again)) run_lesson(at);
  if (predicted) return;
  ImGui::SameLine();
  if (button(at.frame, "lesson.run.skip", true, false)) views::skip_all(at.lesson, at.progress);
  views::Span why;
  why.text = at.frame.say("lesson.run.predict_first");
  draw_spans(at.frame, at.reading, {why}, at.frame.look.faint);
}

}  // namespace

bool may_run(const LessonFrame& at) {
  return !at.frame.still && !at.runner.running() && views::all_predicted(at.lesson, at.progress);
}

void run_lesson(LessonFrame& at) {
  at.progress.runs.clear();
  std::vector<LessonRun> runs(at.lesson.scenarios.size());
  for (size_t i = 0; i < runs.size(); ++i) runs[i].name = runs[i].scenario = at.lesson.scenarios[i];
  at.runner.start(std::move(runs), at.frame.ask);
}

void draw_run(LessonFrame& at) {
  ImGui::Dummy({1, at.frame.look.px(4)});
  draw_buttons(at);
  ImGui::Dummy({1, at.frame.look.px(2)});
  for (const LessonRun& run : at.runner.runs()) {
    if (run.name == run.scenario) draw_progress(at.frame, run);
  }
  if (at.runner.running() || !all_measured(at)) return;
  ImGui::Dummy({1, at.frame.look.px(6)});
  ImGui::PushFont(at.frame.look.strong);
  ImGui::TextUnformatted(at.frame.say("lesson.compared").c_str());
  ImGui::PopFont();
  ImGui::Dummy({1, at.frame.look.px(2)});
  for (const views::LessonStep& step : at.lesson.steps) draw_questions(at, step);
}

void draw_commands(LessonFrame& at, const views::LessonStep& step) {
  const std::vector<views::LessonCommand> commands = views::commands_of(step.blocks);
  if (commands.empty()) return;
  ImGui::Dummy({1, at.frame.look.px(6)});
  ImGui::PushFont(at.frame.look.strong);
  ImGui::TextUnformatted(at.frame.say("lesson.try").c_str());
  ImGui::PopFont();
  for (const views::LessonCommand& command : commands) {
    ImGui::PushID(command.name.c_str());
    if (button(at.frame, "lesson.run.start", !at.frame.still && !at.runner.running(), false)) {
      LessonRun run;
      run.name = command.name;
      run.scenario = command.scenario;
      run.rest = command.rest;
      at.runner.start({std::move(run)}, at.frame.ask);
    }
    ImGui::SameLine();
    views::Span code;
    code.text = command.text.substr(std::string("hvlab run scenarios/lessons/").size());
    code.code = true;
    draw_spans(at.frame, at.reading, {code});
    for (const LessonRun& run : at.runner.runs()) {
      if (run.name == command.name) draw_progress(at.frame, run);
    }
    ImGui::PopID();
  }
}

}  // namespace hvlab::visualizer
