// Catches a prediction that is judged wrongly, answers or progress that are lost, and results of a run that
// is not whole.
#include "sim/views/lesson_answers.hpp"

#include <catch2/catch.hpp>

#include "sim/views/lesson_files.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

using How = Outcome::How;
namespace fs = std::filesystem;

Question question(Question::Kind kind, const std::vector<std::string>& answers) {
  Question asked;
  asked.kind = kind;
  for (const std::string& answer : answers) asked.answers.push_back(parse_expression(answer));
  return asked;
}

Given number(double value) { return {.how = Given::How::Number, .number = value}; }
Given option(unsigned n) { return {.how = Given::How::Option, .option = n}; }
std::optional<double> unmeasured(const Measure&) { return std::nullopt; }

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("a number is judged by how many times too large or small it is") {
  Question asked = question(Question::Kind::Number, {"100"});
  asked.scale = 10;  // measured: 10
  const auto how = [&](double said) { return outcome_of(asked, number(said), unmeasured).how; };
  CHECK(how(10) == How::Right);
  CHECK(how(8.1) == How::Right);
  CHECK(how(12.4) == How::Right);
  CHECK(how(13) == How::Near);
  CHECK(how(5.1) == How::Near);
  CHECK(how(21) == How::Order);
  CHECK(how(1.1) == How::Order);
  CHECK(how(101) == How::Far);
  CHECK(how(0) == How::Far);
  CHECK(how(-10) == How::Far);
  CHECK(outcome_of(asked, number(10), unmeasured).measured == 10);
  CHECK(outcome_of(asked, {.how = Given::How::Skipped}, unmeasured).how == How::Skipped);
  CHECK(outcome_of(question(Question::Kind::Number, {"0 * 1"}), number(0), unmeasured).how == How::Right);
}

TEST_CASE("a choice is judged by where the number measured lies") {
  Question range = question(Question::Kind::Range, {"7"});
  range.options.resize(3);
  range.bounds = {5, 7};
  CHECK(outcome_of(range, option(2), unmeasured).how == How::Right);  // a bound belongs to what is above it
  CHECK(outcome_of(range, option(1), unmeasured).how == How::Far);
  CHECK(outcome_of(range, option(1), unmeasured).option == 2U);
  const Question largest = question(Question::Kind::Largest, {"1", "9", "4"});
  CHECK(outcome_of(largest, option(1), unmeasured).how == How::Right);
  CHECK(outcome_of(largest, option(1), unmeasured).measured == 9);
  const Question smallest = question(Question::Kind::Smallest, {"3", "9", "4"});
  CHECK(outcome_of(smallest, option(0), unmeasured).how == How::Right);
  CHECK(outcome_of(smallest, option(2), unmeasured).option == 0U);
}

TEST_CASE("what has not been measured judges nobody") {
  const Question asked = question(Question::Kind::Largest, {"a@b", "1"});
  CHECK(outcome_of(asked, option(0), unmeasured).how == How::Unknown);
  CHECK(outcome_of(Question{}, option(0), unmeasured).how == How::Unknown);
}

TEST_CASE("answers and runs are said in a word, and read back") {
  const std::vector<Given> given = {
      number(-1.25e-7), option(3), {.how = Given::How::Skipped}, {}, number(0.1)};
  CHECK(given_of(to_text(given)) == given);
  CHECK(given_of("").empty());
  CHECK(given_of("nx,o-1,z,n1e999,o,") == std::vector<Given>(5));
  const std::map<std::string, std::string> runs = {{"a", "runs/a/1"}, {"b", "/x=y/2"}};
  CHECK(runs_of(to_text(runs)) == runs);
  CHECK(runs_of("").empty());
}

TEST_CASE("nothing runs before every question is answered or skipped") {
  Lesson lesson;
  lesson.steps.emplace_back();
  lesson.steps[0].questions = {question(Question::Kind::Number, {"1"}), Question{},
                               question(Question::Kind::Number, {"1"})};
  LessonProgress progress;
  progress.set(2, number(1));
  CHECK(!all_predicted(lesson, progress));
  skip_all(lesson, progress);
  CHECK(all_predicted(lesson, progress));
  CHECK(progress.answer(2) == number(1));
  CHECK(progress.answer(0).how == Given::How::Skipped);
}

TEST_CASE("progress survives, lesson by lesson, and a damaged file is a beginning") {
  const test::TemporaryFolder folder("lesson");
  const fs::path file = folder.path / "deep" / "lessons.json";
  CHECK(load_progress(file, "1") == LessonProgress{});
  LessonProgress one, two;
  one.step = 3;
  one.set(1, option(2));
  one.runs["a"] = "runs/a/1";
  two.step = 1;
  REQUIRE(save_progress(file, "1", one));
  REQUIRE(save_progress(file, "2", two));
  CHECK(load_progress(file, "1") == one);
  CHECK(load_progress(file, "2") == two);
  write_file(file, "{\"1\": {\"step\": \"x\"}, ");
  CHECK(load_progress(file, "1") == LessonProgress{});
  write_file(file, "{\"1\": {\"step\": -7}}");
  CHECK(load_progress(file, "1") == LessonProgress{});
  CHECK(save_progress(file, "1", one));
  CHECK(load_progress(file, "1") == one);
}

TEST_CASE("a measure is read from a run that is whole, and from its console") {
  const test::TemporaryFolder folder("lesson");
  const std::string run = (folder.path / "r").string();
  const std::string cells = R"("cells": [{"cell": "m=a", "folder": "m=a", "settings": {"m": "a"}}])";
  write_file(folder.path / "r/run.json", R"({"schema": "hvlab.run/1", "state": "complete", )" + cells + "}");
  write_file(folder.path / "r/m=a/run.json", R"({"schema": "hvlab.run/1", "state": "complete"})");
  write_file(folder.path / "r/m=a/console/com1.txt", "x ok 1\nno\nok 2 ok\n");
  write_file(folder.path / "r/results.json",
             R"({"cells": [{"cell": "m=a", "metrics": {"work.time": {"value": 5.0, "unit": "ps"}}}]})");
  const auto value = [&](const Measure& measure) { return LessonResults({{"s", run}})(measure); };
  const Measure time = {"work.time", "", "s", "m=a"};
  CHECK(value(time) == 5);
  CHECK(value({"", "ok", "s", "m=a"}) == 2);
  CHECK(!value({"work.time", "", "s", "m=b"}));
  CHECK(!value({"other", "", "s", "m=a"}));
  CHECK(!value({"work.time", "", "t", "m=a"}));
  write_file(folder.path / "r/results.json", "{");
  CHECK(!value(time));
  write_file(folder.path / "r/run.json", R"({"schema": "hvlab.run/1", "state": "partial", )" + cells + "}");
  CHECK(!value({"", "ok", "s", "m=a"}));
}

}  // namespace hvlab::views
