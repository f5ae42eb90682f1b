#include "visualizer/lesson_state.hpp"

#include "visualizer/session.hpp"

namespace hvlab::visualizer {

views::LessonProgress progress_of(const ViewState& state) {
  views::LessonProgress progress;
  progress.step = static_cast<unsigned>(std::max(0LL, state.number("lesson.step")));
  progress.given = views::given_of(state.option("lesson.answers"));
  progress.runs = views::runs_of(state.option("lesson.runs"));
  return progress;
}

void set_progress(ViewState& state, const views::LessonProgress& progress) {
  state.set_number("lesson.step", progress.step);
  state.set("lesson.answers", views::to_text(progress.given));
  state.set("lesson.runs", views::to_text(progress.runs));
}

std::vector<std::string> look_at(ViewState& state, const std::vector<std::string>& arguments) {
  const ViewState wanted = request_from_arguments(arguments).state;
  std::string options;  // all but the runs
  for (size_t i = wanted.runs.size(); i < arguments.size(); ++i) options += arguments[i] + " ";
  std::vector<std::string> open = state.runs == wanted.runs ? std::vector<std::string>{} : wanted.runs;
  if (!open.empty()) state.shown.clear();
  if (state.option("lesson.shown") == options) return open;
  ViewState next = wanted;
  next.runs = state.runs;
  next.shown = state.shown;
  next.view = "lesson";
  next.lesson = state.lesson;
  next.language = state.language;
  next.dark = state.dark;
  next.present = state.present;
  next.scale = state.scale;
  for (const auto& [key, value] : state.options) {
    if (key.starts_with("lesson.") && key != "lesson.console") next.options[key] = value;
  }
  next.set("lesson.view", wanted.view);
  next.set("lesson.shown", options);
  state = next;
  return open;
}

std::filesystem::path progress_file() { return session_folder() / "lessons.json"; }

}  // namespace hvlab::visualizer
