// The timeline in the real window: keys and pointer move what is shown; the benchmark measures, and sees it
// rest.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "open_window.hpp"
#include "viewer_run.hpp"
#include "visualizer/display.hpp"
#include "visualizer/session.hpp"
#include "visualizer/state.hpp"

namespace hvlab::test {
namespace {

using views::PicosecondDelta;
using visualizer::ViewState;

// What `act` does to the timeline of the fixture's run, from 0 to 100 ms.
template <class Act>
ViewState after(const std::vector<std::string>& more, Act act) {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  std::vector<std::string> arguments = {"scheduling",      "--size=1200x760", "--scale=1",
                                        "--view=timeline", "--from=0s",       "--until=100ms"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  OpenWindow window(arguments);
  window.point(20, 740);  // not on the lanes: keys zoom at the pointer
  act(window);
  window.leave();
  const auto session = visualizer::last_session(visualizer::session_folder(), {"scheduling"});
  REQUIRE(session);
  return visualizer::request_from_arguments(session->arguments).state;
}

constexpr PicosecondDelta kMs = 1'000'000'000;

}  // namespace

// Catches keys that do nothing, or something else than their list says.
TEST_CASE("keys zoom at the cursor, pan, set markers, fit") {
  const ViewState closer =
      after({"--at=20ms"}, [](OpenWindow& window) { window.keys({"w", "bracketleft"}); });
  REQUIRE((closer.from && closer.until));
  CHECK(*closer.until - *closer.from == Approx(70 * kMs).epsilon(0.001));
  CHECK(*closer.from == Approx(6 * kMs).epsilon(0.001));  // 20 ms stays where it was
  CHECK(closer.marker_a == 20 * kMs);
  const ViewState later = after({"--at=20ms"}, [](OpenWindow& window) { window.keys({"d", "m", "m"}); });
  REQUIRE((later.from && later.until));
  CHECK(*later.from == Approx(15 * kMs).epsilon(0.001));
  CHECK(*later.until == Approx(115 * kMs).epsilon(0.001));
  CHECK(later.marker_a == 20 * kMs);
  CHECK(later.marker_b == 20 * kMs);
  const ViewState all = after({"--marker-a=1ms"}, [](OpenWindow& window) { window.keys({"f", "Delete"}); });
  CHECK(!all.from);
  CHECK(!all.marker_a);
}

// Catches a search that does not move the cursor, or a key that is typed into its field.
TEST_CASE("a search is typed after / and goes to the next and to the previous") {
  const auto search = [](std::vector<std::string> more) {
    return after({}, [&](OpenWindow& window) {
      window.keys({"slash", "h", "l", "t", "Return"});
      window.keys(more);
    });
  };
  const ViewState first = search({}), second = search({"Escape", "n"}),
                  back = search({"Escape", "n", "shift+n"});
  CHECK(first.option("timeline.search") == "hlt");
  REQUIRE((first.at && second.at && back.at));
  CHECK(*second.at > *first.at);
  CHECK(*back.at == *first.at);
}

// Catches a wheel that zooms somewhere else than at the pointer, a drag that is a click, a click that is
// none.
TEST_CASE("the wheel zooms at the pointer; a click sets the cursor; one on a heading folds it") {
  const ViewState zoomed = after({}, [](OpenWindow& window) {
    window.point(700, 300);
    window.click("1");
    window.click("4");
  });
  REQUIRE((zoomed.at && zoomed.from && zoomed.until));
  CHECK(*zoomed.until - *zoomed.from == Approx(80 * kMs).epsilon(0.001));
  const double part =
      static_cast<double>(*zoomed.at - *zoomed.from) / static_cast<double>(*zoomed.until - *zoomed.from);
  CHECK(part == Approx(static_cast<double>(*zoomed.at) / static_cast<double>(100 * kMs)).epsilon(0.01));
  const ViewState folded = after({}, [](OpenWindow& window) {
    window.point(60, 195);
    window.click("1");
  });
  CHECK(folded.option("timeline.toggled") == "processors");
  CHECK(!folded.at);
}

// Catches a window that draws without end, and a benchmark that measures nothing. Its speed is no test's
// business.
TEST_CASE("the benchmark counts frames, and none once nothing changes") {
  unsetenv("DISPLAY");
  const Fixture fixture;
  const Ended ended = run_to_end(viewer_words({"scheduling", "--bench=1", "--json"}));
  CAPTURE(ended.errors);
  REQUIRE(ended.status == 0);
  const auto figures = nlohmann::json::parse(ended.output);
  CHECK(figures["view"] == "timeline");
  CHECK(figures["width"] == 1600);
  CHECK(figures["frames"] > 2);
  CHECK(figures["worst_ms"] >= figures["mean_ms"]);
  CHECK(figures["frames_at_rest"] == 0);
}

// Catches a filter that hides its own mistakes, and tables that are not what is shown.
TEST_CASE("tables have what is measured between A and B; a filter that does not fit is no crash") {
  unsetenv("DISPLAY");
  const Fixture fixture;
  const auto csv = [&](const std::string& filter) {
    const Ended ended =
        run_to_end(viewer_words({"scheduling", "--view=timeline", "--marker-a=10ms", "--marker-b=30ms",
                                 "--set=timeline.filter=" + filter, "--csv=t.csv"}));
    CHECK(ended.status == 0);
    return run_to_end({"cat", "t.csv"}).output;
  };
  const std::string all = csv("");
  CHECK(all.starts_with("run,lane,what,name,picoseconds,count\r\n"));
  CHECK(all.find(",core 0,state,") != std::string::npos);
  const std::string one = csv("lane=vm 1 vcpu 0");
  CHECK(one.find(",vm 1 vcpu 0,state,") != std::string::npos);
  CHECK(one.find("core 0") == std::string::npos);
  CHECK(csv("lane=nobody") == "run,lane,what,name,picoseconds,count\r\n");
}

}  // namespace hvlab::test
