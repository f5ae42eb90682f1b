// Catches a lesson that is read into other steps, questions or views than it says, and mistakes that are not
// told with their line.
#include "sim/views/lesson.hpp"

#include <catch2/catch.hpp>

#include "sim/views/lesson_commands.hpp"
#include "sim/views/lesson_files.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

const std::string kHead = "# Lesson 7: a test\n\nIntro. [other](x.md) · [all](y.md)\n\n## Know\nText.\n\n";
const std::string kPredict =
    "## Predict\nLook:\n1. How many *us*?\n   <!-- predict: {kind: number, unit: us, answer: work.time@one} "
    "-->\n"
    "2. Which?\n   - few\n   - many\n   <!-- predict: {kind: range, answer: exits@two/model=a, bounds: [5]} "
    "-->\n"
    "3. Why?\n\n";
const std::string kRun =
    "## Run\n<!-- view: timeline one -->\n```\nhvlab run scenarios/lessons/one.yaml\nhvlab run "
    "scenarios/lessons/two.yaml\n```\n";
const std::string kRest =
    "## Look\nFirst.\n\n<!-- view: exits two/model=a --set=\"exits.reason=npf x\" -->\nSecond.\n\n<!-- step "
    "-->\nThird.\n"
    "## Explain\n- because\n## Change\nx\n";

Lesson read(const std::string& text) { return parse_lesson("f.md", "7-test", text); }

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("a lesson's document becomes steps, questions, scenarios and views") {
  const Lesson lesson = read(kHead + kPredict + kRun + kRest);
  CHECK(lesson.title == "Lesson 7: a test");
  CHECK(lesson.intro == "Intro.");
  CHECK(lesson.scenarios == std::vector<std::string>{"one", "two"});
  REQUIRE(lesson.steps.size() == 8);
  CHECK(lesson.steps[0].blocks.size() == 1);
  CHECK(lesson.step_of(Chapter::Look) == 3);
  CHECK(lesson.steps[2].view == std::vector<std::string>{"timeline", "one"});
  CHECK(lesson.steps[3].view.empty());
  const std::vector<std::string> exits = {"exits", "two/model=a", "--set=exits.reason=npf x"};
  CHECK(lesson.steps[4].view == exits);
  CHECK(lesson.steps[5].view == exits);  // a step without one of its own keeps the section's
  CHECK(lesson.steps[5].title == "Look");
  CHECK(lesson.steps[6].view.empty());
  CHECK(lesson.steps[1].blocks.size() == 1);
  REQUIRE(lesson.questions().size() == 3);
  const Question& number = *lesson.questions()[0];
  CHECK(number.kind == Question::Kind::Number);
  CHECK(plain_text(number.text) == "How many us?");
  CHECK(number.scale == 1e6);
  const Question& range = *lesson.questions()[1];
  CHECK(range.kind == Question::Kind::Range);
  CHECK(range.options.size() == 2);
  CHECK(lesson.questions()[2]->kind == Question::Kind::Open);
}

TEST_CASE("a mistake in a lesson is told with its line") {
  const auto question = [](const std::string& rest) {
    return kHead + "## Predict\n1. Which?\n" + rest + kRun + kRest;
  };
  CHECK_THROWS_WITH(read(kHead + kPredict + kRun),
                    Catch::Contains("f.md: a lesson has 6 sections") && Catch::Contains("here are 3"));
  CHECK_THROWS_WITH(read(kHead + kPredict + "## Run\nx\n" + kRest), Catch::Contains("runs no scenario"));
  CHECK_THROWS_WITH(read(kHead + kPredict + kRun + kRest + "## More\n"),
                    Catch::Contains("one section too many"));
  CHECK_THROWS_WITH(read("<!-- view: x y -->\n" + kHead),
                    Catch::Contains("f.md:1: ") && Catch::Contains("before"));
  CHECK_THROWS_WITH(read(kHead + "<!-- veiw: x y -->\n"),
                    Catch::Contains("f.md:8: ") && Catch::Contains("'step'"));
  CHECK_THROWS_WITH(read(kHead + "<!-- {view: [ -->\n"), Catch::Contains("no YAML"));
  CHECK_THROWS_WITH(read(question("   <!-- predict: {kind: guess} -->\n\n")), Catch::Contains("give kind"));
  CHECK_THROWS_WITH(read(question("   <!-- predict: {kind: number, unit: miles, answer: a@b} -->\n\n")),
                    Catch::Contains("f.md:9: ") && Catch::Contains("miles"));
  CHECK_THROWS_WITH(read(question("   <!-- predict: {kind: number} -->\n\n")),
                    Catch::Contains("'answer' is missing"));
  CHECK_THROWS_WITH(read(question("   - a\n   - b\n   <!-- predict: {kind: range, answer: a@b} -->\n\n")),
                    Catch::Contains("0 bounds between 2 options"));
  CHECK_THROWS_WITH(read(question("   - a\n   - b\n   <!-- predict: {kind: largest, answer: [a@b]} -->\n\n")),
                    Catch::Contains("1 answers for 2 options"));
  CHECK_THROWS_WITH(read(question("   <!-- predict: {kind: range, answer: a@b, bounds: []} -->\n\n")),
                    Catch::Contains("two options or more"));
  CHECK_THROWS_WITH(read(question("   <!-- predict: {kind: number, answer: a@b, bound: 1} -->\n\n")),
                    Catch::Contains("'bound'"));
}

TEST_CASE("commands of the text are found, with their words as a shell parts them") {
  const auto commands = commands_of(parse_markdown(
      "- `hvlab run scenarios/lessons/one.yaml --set 'vary.a=[b, c]' --set d=5us` and `hvlab list costs`\n"
      "  - `hvlab run scenarios/lessons/two.yaml`\n\n`hvlab run scenarios/lessons/two.yaml`\n"
      "hvlab run scenarios/lessons/three.yaml `hvlab run scenarios/claims/x.yaml`\n"));
  REQUIRE(commands.size() == 2);
  CHECK(commands[0].scenario == "one");
  CHECK(commands[0].name == "one+1");
  CHECK(commands[0].rest == std::vector<std::string>{"--set", "vary.a=[b, c]", "--set", "d=5us"});
  CHECK(commands[1].name == "two+2");
  CHECK(commands[1].rest.empty());
}

TEST_CASE("a lesson is found by number, name, or a word that only it has") {
  const std::vector<Lesson> lessons = load_lessons("en");
  REQUIRE(lessons.size() >= 5);
  CHECK(find_lesson(lessons, "3").name == "3-coscheduling");
  CHECK(find_lesson(lessons, "3-coscheduling").name == "3-coscheduling");
  CHECK(find_lesson(lessons, "Container").name == "4-container-vm");
  CHECK_THROWS_WITH(find_lesson(lessons, "lesson"),
                    Catch::Contains("more than one") && Catch::Contains("2-io-paths"));
  CHECK_THROWS_WITH(find_lesson(lessons, "quantum"), Catch::Contains("no such lesson"));
  CHECK_THROWS(find_lesson(lessons, ""));
}

TEST_CASE("a step's view is the arguments of hvlab view, for the runs that have begun") {
  const test::TemporaryFolder folder("lesson");
  const std::string run = (folder.path / "r").string();
  write_file(folder.path / "r/run.json", R"({"schema": "hvlab.run/1", "state": "running", "cells": [
    {"cell": "m=a", "folder": "m=a"}, {"cell": "m=/b c", "folder": "m=_b_c"}, {"cell": "m=d", "folder": "m=d"}]})");
  write_file(folder.path / "r/m=_b_c/run.json", R"({"schema": "hvlab.run/1", "state": "running"})");
  write_file(folder.path / "r/m=d/run.json", R"({"schema": "hvlab.run/1", "state": "running"})");
  LessonStep step;
  CHECK(view_arguments(step, {{"one", run}}).empty());
  step.view = {"compare", "one/m=a", "one/m=d", "one/#2", "one/#4", "one/m=e", "two", "--at=5us"};
  CHECK(view_arguments(step, {}).empty());
  CHECK(view_arguments(step, {{"one", (folder.path / "other").string()}}).empty());
  const std::vector<std::string> expected = {run + "/m=d", run + "/m=_b_c", "--view=compare", "--at=5us"};
  CHECK(view_arguments(step, {{"one", run}}) == expected);
  step.view = {"timeline", "one"};
  CHECK(view_arguments(step, {{"one", run}}) ==
        std::vector<std::string>{run + "/m=_b_c", run + "/m=d", "--view=timeline"});
  step.chapter = Chapter::Change;  // with what was tried
  CHECK(view_arguments(step, {{"one", run}, {"one+1", run}, {"two", run}}).size() == 5);
  write_file(folder.path / "s/run.json", R"({"schema": "hvlab.run/1", "state": "running"})");
  const std::string single = (folder.path / "s").string();
  CHECK(view_arguments(step, {{"one", single}}) == std::vector<std::string>{single, "--view=timeline"});
}

}  // namespace hvlab::views
