// Catches a lesson that asks for a view or an option that there is not, and a look at runs that forgets the
// lesson, or where one has gone to in the picture.
#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"
#include "visualizer/lesson_state.hpp"

namespace hvlab::visualizer {

TEST_CASE("what lessons ask for are arguments of hvlab view") {
  for (const std::string& language : views::languages()) {
    for (const views::Lesson& lesson : views::load_lessons(language)) {
      for (const views::LessonStep& step : lesson.steps) {
        if (step.view.empty()) continue;
        CAPTURE(lesson.name, step.view);
        std::vector<std::string> arguments = {"--view=" + step.view.front()};
        arguments.insert(arguments.end(), step.view.begin() + 1, step.view.end());
        ViewState state;
        CHECK_NOTHROW(state = request_from_arguments(arguments).state);
        CHECK(state.view == step.view.front());
        CHECK(!state.runs.empty());
      }
    }
  }
}

TEST_CASE("progress is in the state, and comes back from its command line") {
  views::LessonProgress progress;
  progress.step = 4;
  progress.set(1, {.how = views::Given::How::Number, .number = 13.4});
  progress.runs["a"] = "runs/a/1";
  ViewState state;
  state.lesson = "3-coscheduling";
  set_progress(state, progress);
  CHECK(progress_of(request_from_arguments(state_to_arguments(state)).state) == progress);
  CHECK(progress_of(ViewState{}) == views::LessonProgress{});
  state.set("lesson.step", std::string("-3"));
  CHECK(progress_of(state).step == 0);
}

TEST_CASE("a step's view is looked at, with the lesson, the language and the ground as they were") {
  ViewState state;
  state.view = "lesson";
  state.lesson = "1";
  state.language = "ja";
  state.dark = true;
  state.at = 5;
  state.shown = {2};
  state.set("lesson.step", std::string("3"));
  CHECK(look_at(state, {"r1", "--view=timeline", "--from=1us", "--until=9us"}) ==
        std::vector<std::string>{"r1"});
  CHECK(state.view == "lesson");
  CHECK(state.lesson == "1");
  CHECK(state.language == "ja");
  CHECK(state.dark);
  CHECK(!state.at);
  CHECK(state.from == 1'000'000);
  CHECK(state.shown.empty());
  CHECK(state.option("lesson.view") == "timeline");
  CHECK(state.option("lesson.step") == "3");
  state.runs = {"r1"};
  state.from = 2'000'000;  // someone zooms
  CHECK(look_at(state, {"r1", "--view=timeline", "--from=1us", "--until=9us"}).empty());
  CHECK(state.from == 2'000'000);
  CHECK(look_at(state, {"r1", "r2", "--view=timeline", "--from=1us", "--until=9us"}).size() == 2);
  CHECK(state.from == 2'000'000);
  CHECK(look_at(state, {"r1", "--view=exits", "--set=lesson.console=yes"}).empty());
  CHECK(!state.from);
  CHECK(state.flag("lesson.console"));
  CHECK(look_at(state, {"r1", "--view=exits"}).empty());
  CHECK(!state.flag("lesson.console"));
  CHECK_THROWS_AS(look_at(state, {"r1", "--view=nonsense"}), UserError);
}

}  // namespace hvlab::visualizer
