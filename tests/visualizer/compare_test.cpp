// The comparison and the sweep in the real window: keys and pointer choose what is shown; their tables are
// the numbers that hvlab told.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "open_window.hpp"
#include "viewer_run.hpp"
#include "visualizer/display.hpp"
#include "visualizer/session.hpp"
#include "visualizer/state.hpp"

namespace hvlab::test {
namespace {

using visualizer::ViewState;

template <class Act>
ViewState after(const std::vector<std::string>& more, Act act) {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  std::vector<std::string> arguments = {"architectures", "--size=1200x760", "--scale=1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  OpenWindow window(arguments);
  act(window);
  window.leave();
  const auto session = visualizer::last_session(visualizer::session_folder(), {"architectures"});
  REQUIRE(session);
  return visualizer::request_from_arguments(session->arguments).state;
}

std::string csv_of(const std::vector<std::string>& more) {
  unsetenv("DISPLAY");
  const Fixture fixture;
  std::vector<std::string> arguments = {"architectures", "--csv=made.csv"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Ended ended = run_to_end(viewer_words(arguments));
  CAPTURE(ended.errors);
  REQUIRE(ended.status == 0);
  std::ostringstream text;
  text << std::ifstream("made.csv").rdbuf();
  return text.str();
}

constexpr views::PicosecondDelta kMs = 1'000'000'000;

}  // namespace

// Catches keys that do nothing, or something else than their list says.
TEST_CASE("keys move the comparison's cursor and choose phase and baseline") {
  const ViewState state =
      after({"--view=compare", "--from=0s", "--until=100ms", "--at=20ms"},
            [](OpenWindow& window) { window.keys({"bracketright", "Right", "p", "p", "b"}); });
  CHECK(state.number("compare.window") == 2 * kMs);  // twice a hundredth of what is shown
  CHECK(state.at == 21 * kMs);                       // by half of it
  CHECK(state.option("compare.phase") == "disk");
  CHECK(state.option("compare.baseline") == "container");
  const ViewState none =
      after({"--view=compare", "--at=20ms"}, [](OpenWindow& window) { window.keys({"Delete"}); });
  CHECK(!none.at);
}

TEST_CASE("playing moves the cursor until it is paused") {
  const ViewState state =
      after({"--view=compare", "--from=0s", "--until=100ms", "--at=20ms"}, [](OpenWindow& window) {
        window.keys({"space"});
        wait_for(0.5);
        window.keys({"space"});
      });
  REQUIRE(state.at);
  CHECK(*state.at > 20 * kMs);
  CHECK(*state.at < 100 * kMs);
}

// Catches figures of another run or phase in a column, and sentences that are left out.
TEST_CASE("the comparison's tables have the figures of each run and the differences with why") {
  const std::string text = csv_of({"--view=compare", "--set=compare.phase=link"});
  CHECK(text.find("# figures\r\nrun,processors,time (s),throughput (bytes/s),latency (s),exits (1/s)") == 0);
  for (const char* run : {"\r\ncontainer,1,", "\r\nmonolithic,1,", "\r\nhosted,1,"})
    CHECK(text.find(run) != std::string::npos);
  CHECK(text.find("phase.time,link,hosted,container,1,") != std::string::npos);
  CHECK(text.find("The phase link takes ") != std::string::npos);
  CHECK(text.find("phase.time,disk") == std::string::npos);
}

TEST_CASE("keys choose the sweep's metric and axis, its table has the points of the curves") {
  const std::vector<std::string> sweep = {"--view=sweep", "--set=sweep.folder=sweep"};
  const ViewState state = after(sweep, [](OpenWindow& window) { window.keys({"m", "a"}); });
  CHECK(state.option("sweep.metric") == "exits.vmmcall");  // what the sweep moves most
  CHECK(state.option("sweep.axis") == "software.model");
  const std::string text =
      csv_of({"--view=sweep", "--set=sweep.folder=sweep", "--set=sweep.metric=phase.link.time"});
  CHECK(text.find("model monolithic,400,0.000753635,1\r\n") != std::string::npos);
  CHECK(text.find("machine.costs.vm_exit,no,-0.0346") != std::string::npos);
}

}  // namespace hvlab::test
