// Catches lessons whose languages ask or show different things, and that run or measure what there is not.
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "sim/base/data_path.hpp"
#include "sim/views/lesson_files.hpp"
#include "sim/views/messages.hpp"

namespace hvlab::views {
namespace {

// What of a block does not depend on the language.
std::string shape(const std::vector<Block>& blocks) {
  static constexpr const char* kLetters = "HPLICTXQR";
  std::string text;
  for (const Block& block : blocks) {
    text += kLetters[static_cast<size_t>(block.kind)];
    if (block.kind == Block::Kind::Heading || block.kind == Block::Kind::List)
      text += std::to_string(block.number);
    if (block.kind == Block::Kind::Table)
      text += std::to_string(block.rows.size()) + "x" + std::to_string(block.right.size());
    if (!block.children.empty()) text += "(" + shape(block.children) + ")";
  }
  return text;
}

void check_same(const Question& one, const Question& other) {
  CAPTURE(one.line, other.line);
  CHECK(one.kind == other.kind);
  CHECK(one.unit == other.unit);
  CHECK(one.bounds == other.bounds);
  CHECK(one.answers == other.answers);
  CHECK(one.options.size() == other.options.size());
}

// A view is by name one of the catalogue's; what it looks at is of this lesson.
void check_view(const Lesson& lesson, const LessonStep& step) {
  const Messages messages = Messages::load("en");
  CHECK(messages.has("view." + step.view.front()));
  for (const std::string& word : std::vector(step.view.begin() + 1, step.view.end())) {
    CAPTURE(word);
    if (word.starts_with("--")) {
      CHECK(word.find('=') != std::string::npos);
      continue;
    }
    CHECK(std::ranges::count(lesson.scenarios, word.substr(0, word.find('/'))) == 1);
  }
}

}  // namespace

TEST_CASE("a lesson is the same in every language") {
  const std::vector<Lesson> english = load_lessons("en");
  REQUIRE(english.size() >= 5);                // found, and none lost
  for (size_t i = 0; i < english.size(); ++i)  // by number, not as words: 10 is after 9
    CHECK(english[i].name.starts_with(std::to_string(i + 1) + "-"));
  for (const std::string& language : languages()) {
    const std::vector<Lesson> lessons = load_lessons(language);
    REQUIRE(lessons.size() == english.size());
    for (size_t i = 0; i < lessons.size(); ++i) {
      CAPTURE(language, lessons[i].name);
      CHECK(lessons[i].name == english[i].name);
      CHECK(lessons[i].scenarios == english[i].scenarios);
      CHECK(!lessons[i].intro.empty());
      REQUIRE(lessons[i].steps.size() == english[i].steps.size());
      for (size_t j = 0; j < lessons[i].steps.size(); ++j) {
        const LessonStep &step = lessons[i].steps[j], &model = english[i].steps[j];
        CAPTURE(j, step.title);
        CHECK(step.chapter == model.chapter);
        CHECK(step.view == model.view);
        CHECK(shape(step.blocks) == shape(model.blocks));
        REQUIRE(step.questions.size() == model.questions.size());
        for (size_t k = 0; k < step.questions.size(); ++k) check_same(step.questions[k], model.questions[k]);
      }
    }
  }
}

TEST_CASE("a lesson asks something, and runs, measures and shows what there is") {
  const std::filesystem::path folder = data_folder("scenarios/lessons");
  for (const Lesson& lesson : load_lessons("en")) {
    CAPTURE(lesson.name);
    for (const std::string& scenario : lesson.scenarios)
      CHECK(std::filesystem::exists(folder / (scenario + ".yaml")));
    unsigned measured = 0;
    for (const Question* question : lesson.questions()) {
      for (const Expression& answer : question->answers) {
        for (const Measure& measure : measures_of(answer)) {
          CAPTURE(measure.scenario, measure.metric);
          CHECK(std::ranges::count(lesson.scenarios, measure.scenario) == 1);
          ++measured;
        }
      }
    }
    CHECK(measured >= 3);
    for (const LessonStep& step : lesson.steps) {
      if (step.chapter >= Chapter::Run) CHECK(!step.view.empty());
      if (!step.view.empty()) check_view(lesson, step);
    }
  }
}

}  // namespace hvlab::views
