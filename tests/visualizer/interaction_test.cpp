// Drives the real window with keys and a pointer, as a user does, and looks at what it remembered at its end.
#include <poll.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "viewer_run.hpp"
#include "visualizer/display.hpp"
#include "visualizer/session.hpp"
#include "visualizer/state.hpp"

namespace hvlab::test {
namespace {

using visualizer::ViewState;

void wait_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// A window that is open and has the keyboard.
class OpenWindow {
 public:
  explicit OpenWindow(const std::vector<std::string>& arguments) : child_(viewer_words(arguments), false) {
    std::string found;
    for (int i = 0; i < 200 && found.empty(); ++i) {
      wait_for(0.05);
      const Ended ended = run_to_end({"xdotool", "search", "--onlyvisible", "--name", "^HVLab$"});
      if (ended.status == 0) found = ended.output;
    }
    REQUIRE(!found.empty());
    id_ = found.substr(0, found.find('\n'));
    REQUIRE(run_to_end({"xdotool", "windowfocus", "--sync", id_}).status == 0);
    wait_for(0.5);
  }

  void keys(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      REQUIRE(run_to_end({"xdotool", "key", name}).status == 0);
      wait_for(0.15);
    }
  }
  void point(int x, int y) {
    REQUIRE(
        run_to_end({"xdotool", "mousemove", "--window", id_, std::to_string(x), std::to_string(y)}).status ==
        0);
    wait_for(0.15);
  }
  void click(const std::string& button) {
    REQUIRE(run_to_end({"xdotool", "click", button}).status == 0);
    wait_for(0.2);
  }

  /// Ctrl+Q; what the program said.
  std::string leave() {
    keys({"ctrl+q"});
    do {
      pollfd request{child_.errors_descriptor(), POLLIN, 0};
      poll(&request, 1, 100);
    } while (child_.read_some());
    CHECK(child_.wait() == 0);
    return child_.errors();
  }

 private:
  Child child_;
  std::string id_;
};

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
