// Runs the scenarios of every lesson. Catches a question whose answer the run does not give, an option that
// no run makes right, and a view of a cell that there is not.
#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/child.hpp"
#include "sim/base/data_path.hpp"
#include "sim/views/lesson_files.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> run_all(const Lesson& lesson, const fs::path& folder) {
  std::map<std::string, std::string> runs;
  for (const std::string& scenario : lesson.scenarios) {
    const std::string file = (data_folder("scenarios/lessons") / (scenario + ".yaml")).string();
    run_program({HVLAB_PROGRAM, "run", file, "--runs", folder.string()});
    runs[scenario] = (folder / scenario / "latest").string();
  }
  return runs;
}

// As many runs as the view's words name.
void check_view(const LessonStep& step, const std::map<std::string, std::string>& runs) {
  CAPTURE(step.title, step.view);
  size_t words = 0;
  for (const std::string& word : std::vector(step.view.begin() + 1, step.view.end())) {
    if (word.starts_with("--")) continue;
    ++words;
    LessonStep one;
    one.view = {step.view.front(), word};
    CHECK(view_arguments(one, runs).size() >= 2);
  }
  CHECK(words > 0);
}

}  // namespace

TEST_CASE("every question of a lesson is answered by its runs, and every view has its runs") {
  for (const Lesson& lesson : load_lessons("en")) {
    const test::TemporaryFolder folder("lesson-measures");
    const auto runs = run_all(lesson, folder.path);
    LessonResults results(runs);
    for (const Question* question : lesson.questions()) {
      CAPTURE(lesson.name, question->line, question->sources);
      if (question->kind == Question::Kind::Open) continue;
      const Outcome outcome =
          outcome_of(*question, {}, [&](const Measure& measure) { return results(measure); });
      CHECK(outcome.how == Outcome::How::Skipped);
      if (question->kind == Question::Kind::Number) CHECK(outcome.measured > 0);
    }
    for (const LessonStep& step : lesson.steps) {
      if (!step.view.empty()) check_view(step, runs);
    }
  }
}

}  // namespace hvlab::views
