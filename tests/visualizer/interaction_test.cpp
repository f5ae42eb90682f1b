// Drives the real window with keys and a pointer, as a user does, and looks at what it remembered at its end.
#include <catch2/catch.hpp>

#include "open_window.hpp"
#include "sim/record/run_reader.hpp"
#include "sim/views/record_search.hpp"
#include "viewer_run.hpp"
#include "visualizer/display.hpp"
#include "visualizer/session.hpp"
#include "visualizer/state.hpp"

namespace hvlab::test {
namespace {

using visualizer::ViewState;

ViewState remembered(const std::string& run) {
  const auto session = visualizer::last_session(visualizer::session_folder(), {run});
  REQUIRE(session);
  return visualizer::request_from_arguments(session->arguments).state;
}

}  // namespace

TEST_CASE("keys choose views, language, ground and size; all of it is there again at the next start") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  {
    OpenWindow window({"architectures", "--size=1200x760"});
    window.keys({"4", "ctrl+t", "ctrl+l", "ctrl+equal"});
    window.leave();
  }
  const ViewState state = remembered("architectures");
  CHECK(state.view == "exits");
  CHECK(state.dark);
  CHECK(state.language == "ja");
  CHECK(state.scale == Approx(1.125F));
  {
    OpenWindow window({"architectures"});
    window.leave();
  }
  CHECK(remembered("architectures") == state);
}

TEST_CASE("a click on a tab opens its view, one on a run hides it") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  OpenWindow window({"architectures", "--size=1200x760", "--view=exits"});
  window.point(210, 22);  // within the second tab
  window.click("1");
  window.point(40, 51);  // the first run
  window.click("1");
  window.leave();
  const ViewState state = remembered("architectures");
  CHECK(state.view == "ladder");
  CHECK(state.shown == std::vector<unsigned>{2, 3});
}

TEST_CASE("Ctrl+S writes the picture that is seen, and the window stays") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  OpenWindow window({"architectures", "--size=1200x760", "--view=exits"});
  window.keys({"ctrl+s"});
  wait_for(0.5);
  CHECK(std::filesystem::file_size(fixture.folder() / "hvlab-exits.png") > 4000);
  window.leave();
}

TEST_CASE("a picture that cannot be written is said, and the window stays") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  std::filesystem::create_directory("hvlab-exits.png.part");  // where it is written first
  OpenWindow window({"architectures", "--size=1200x760", "--view=exits"});
  window.keys({"ctrl+s"});
  wait_for(0.5);
  window.keys({"2"});
  window.leave();
  CHECK(!std::filesystem::exists("hvlab-exits.png"));
  CHECK(remembered("architectures").view == "ladder");
}

TEST_CASE("arrows, Space and Enter are the view's, or after F2 those of buttons and lists; never both's") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  {
    OpenWindow window({"architectures", "--size=1200x760", "--view=exits"});
    window.keys({"Right", "Down", "space", "Return", "Up", "space"});
    window.leave();
  }
  const ViewState untouched = remembered("architectures");  // else a button was pressed
  CHECK(untouched.view == "exits");
  CHECK(untouched.options.empty());
  {
    OpenWindow window({"architectures", "--size=1200x760", "--view=ladder"});
    wait_for(0.5);
    window.keys({"F2", "Right", "Right", "F2"});
    window.leave();
  }
  CHECK(remembered("architectures").option("ladder.at").empty());
  {
    OpenWindow window({"architectures", "--size=1200x760", "--view=ladder"});
    wait_for(0.5);
    window.keys({"F2", "F2", "Right", "Right"});
    window.leave();
  }
  CHECK(!remembered("architectures").option("ladder.at").empty());
}

// The seventh nested page fault of the run, as the list of exits opens it.
TEST_CASE("an exit that is named by its time has neighbours: the one before and the next") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  for (const auto& [key, number] : {std::pair("Up", "8"), std::pair("Down", "6")}) {
    OpenWindow window({"architectures", "--fresh", "--view=ladder", "--show=2", "--set=ladder.mode=exit",
                       "--set=ladder.exit=@4332132333"});
    wait_for(0.5);
    window.keys({key});
    window.leave();
    CHECK(remembered("architectures").option("ladder.exit") == number);
  }
}

// Catches a processor, a search or a step that keys do not reach, and a moment before that is not kept.
TEST_CASE("of the machine, keys choose a processor and fields, and go to the next exit") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  {
    OpenWindow window({"architectures/model=hosted", "--size=1200x760", "--view=machine", "--at=60ms"});
    wait_for(0.5);
    window.keys({"p", "t", "t", "t", "z", "slash", "e", "x", "i", "t", "c"});  // the last is text, too
    window.leave();
  }
  const ViewState chosen = remembered("architectures/model=hosted");
  CHECK(chosen.option("machine.processor") == "1:0");
  CHECK(chosen.option("machine.part") == "block");
  CHECK(chosen.option("machine.search") == "exitc");
  CHECK(chosen.flag("machine.set_only"));
  CHECK_FALSE(chosen.flag("machine.changed_only"));
  {
    OpenWindow window({"architectures/model=hosted", "--fresh", "--view=machine", "--at=60ms"});
    wait_for(0.5);
    window.keys({"ctrl+Right"});
    wait_for(1);
    window.leave();
  }
  const ViewState moved = remembered("architectures/model=hosted");
  const record::TraceReader trace = record::RunReader("architectures/model=hosted").trace();
  record::RecordFilter filter;
  filter.kinds = {"vm-exit"};
  const auto next = views::RecordSearch(trace, filter).next(60'000'000'000);
  REQUIRE(next);
  CHECK(moved.at == static_cast<views::PicosecondDelta>(next->time));
  CHECK(moved.option("machine.before") == "60000000000");
}

TEST_CASE("a click on a virtual processor shows it, one on a register walks its value") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  OpenWindow window({"architectures/model=hosted", "--size=1200x760", "--view=machine", "--at=60ms"});
  wait_for(0.5);
  window.point(100, 240);  // RSP of processor 0
  window.click("1");
  window.point(150, 86);
  window.click("1");
  window.leave();
  const ViewState state = remembered("architectures/model=hosted");
  CHECK(state.option("machine.address") == "0xffff80000b773a98");
  CHECK(state.option("machine.processor") == "1:0");
}

// Catches keys that do not go along the walk. That other words are said at each reference is
// walk_picture_test.cpp's to hold.
TEST_CASE("a walk goes on and back by keys, and to its ends") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  const auto walked_at = [](const std::vector<std::string>& keys) {
    OpenWindow window({"architectures/model=hosted", "--fresh", "--size=1200x760", "--view=machine",
                       "--at=60ms", "--set=machine.processor=1:0",
                       "--set=machine.address=0xffffffff80105c16"});
    wait_for(0.5);
    window.keys(keys);
    window.leave();
    return remembered("architectures/model=hosted").option("machine.walk_at");
  };
  CHECK(walked_at({"Up", "Up"}) == "17");  // from the last of 19
  CHECK(walked_at({"Home", "Up", "Down", "Down"}) == "3");
  CHECK(walked_at({"Home", "Down", "End"}).empty());
}

// Catches an address that cannot be typed, and a register's name that is not taken for its value.
TEST_CASE("a register is walked by its button or by its name, what is neither that nor hex is not") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  const auto walked = [](int x, const std::vector<std::string>& keys) {
    OpenWindow window({"architectures/model=hosted", "--fresh", "--size=1200x760", "--view=machine",
                       "--at=60ms", "--set=machine.processor=1:0"});
    wait_for(0.5);
    window.point(x, 485);
    window.click("1");
    if (!keys.empty()) window.keys(keys);
    window.leave();
    return remembered("architectures/model=hosted").option("machine.address");
  };
  CHECK(walked(630, {}) == "0xffff800003db7c80");  // the button RSP
  CHECK(walked(430, {"c", "r", "3", "Return"}) == "0x0000000003db9000");
  CHECK(walked(430, {"1", "f", "0", "Return"}) == "0x1f0");
  CHECK(walked(430, {"x", "y", "Return"}).empty());
}

TEST_CASE("nothing is drawn while nothing happens") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  OpenWindow window({"architectures", "--size=1200x760", "--view=timeline", "--verbose"});
  wait_for(3);
  const std::string said = window.leave();
  CAPTURE(said);
  // The first pictures, and a few for each thing that came: focus, and the keys that end it.
  CHECK(std::stoul(said.substr(0, said.find(' '))) < 80);
}

}  // namespace hvlab::test
