// Goes through a lesson in the real window, with the real hvlab: catches a window that waits for something
// before it shows, runs that begin before anything was predicted, pictures that do not follow a run that
// grows, and progress that is lost.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "open_window.hpp"
#include "sim/record/run_reader.hpp"
#include "sim/views/lesson_files.hpp"
#include "viewer_run.hpp"
#include "visualizer/display.hpp"
#include "visualizer/lesson_state.hpp"

namespace hvlab::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

views::LessonProgress kept() { return views::load_progress(visualizer::progress_file(), "3-coscheduling"); }

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Waits until `holds`; how long it took.
template <typename Holds>
double wait_until(double most, const Holds& holds) {
  const Clock::time_point begin = Clock::now();
  while (!holds()) {
    REQUIRE(seconds_since(begin) < most);
    wait_for(0.05);
  }
  return seconds_since(begin);
}

}  // namespace

TEST_CASE("a lesson is predicted, run, looked at and taken up again") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  const std::vector<std::string> lesson = {"--lesson=3", "--size=1200x760"};
  fs::remove("fake_hvlab");
  fs::create_symlink(HVLAB_PROGRAM, "fake_hvlab");
  {
    OpenWindow window(lesson);
    window.keys({"Next", "Next", "Return"});  // not predicted: nothing runs
    wait_for(1);
    CHECK(kept().step == 2);
    CHECK(kept().runs.empty());
    window.keys({"s", "Return"});
    wait_until(30, [] { return kept().runs.contains("coscheduling"); });
    const std::string run = kept().runs["coscheduling"];
    wait_until(120, [&] { return record::RunReader(run).state() == record::RunState::Complete; });
    window.keys({"Next", "Next", "Next", "Next"});  // first down to the end of the predictions
    window.leave();
  }
  const views::LessonProgress progress = kept();
  CHECK(progress.step >= 3);
  CHECK(progress.given.size() == 3);
  {
    OpenWindow window(lesson);
    window.leave();
  }
  CHECK(kept() == progress);
}

}  // namespace hvlab::test
