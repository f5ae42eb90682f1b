// The view of clusters as a user drives it, with keys and a pointer.
#include <catch2/catch.hpp>

#include "cluster_runs.hpp"
#include "open_window.hpp"
#include "sim/record/cluster_reader.hpp"
#include "viewer_run.hpp"
#include "visualizer/display.hpp"
#include "visualizer/session.hpp"
#include "visualizer/state.hpp"

namespace hvlab::test {
namespace {

using visualizer::ViewState;

constexpr visualizer::PicosecondDelta kHour = visualizer::PicosecondDelta{3600} * 1'000'000'000'000;

ViewState remembered(const std::vector<std::string>& runs) {
  const auto session = visualizer::last_session(visualizer::session_folder(), runs);
  REQUIRE(session);
  return visualizer::request_from_arguments(session->arguments).state;
}

void write_days() {
  write_cluster_run("drs", cluster_day(4, true), cluster::kDays);
  write_cluster_run("no-drs", cluster_day(4, false), cluster::kDays);
}

}  // namespace

TEST_CASE("a cluster's run opens in its view; keys choose what is shown, and move the cursor") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  write_days();
  OpenWindow window({"drs", "no-drs", "--size=1200x760"});
  window.keys({"c", "m", "Home", "Right", "Right"});
  window.leave();
  const ViewState state = remembered({"drs", "no-drs"});
  CHECK(state.view == "cluster");
  CHECK(state.option("cluster.colour") == "memory");
  CHECK(state.option("cluster.area") == "vcpus");
  CHECK(state.at == 2 * (24 * kHour / 200));
}

TEST_CASE("arrows go from occurrence to occurrence, and the card tells what it is of") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  write_days();
  OpenWindow window({"no-drs", "--size=1200x760", "--at=13h", "--set=cluster.events=fault"});
  window.keys({"Down"});
  window.leave();
  const ViewState state = remembered({"no-drs"});
  CHECK(state.at == 14 * kHour);  // the host fails
  CHECK(state.option("cluster.chosen").starts_with("1:event:"));
}

TEST_CASE("a click on a host opens its card, Delete closes it, a drag on the line of time moves the cursor") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  write_days();
  {
    OpenWindow window({"drs", "--size=1200x760", "--at=3h"});
    window.point(70, 128);  // the first host's name
    window.click("1");
    window.leave();
  }
  CHECK(remembered({"drs"}).option("cluster.chosen") == "1:host:0");
  {
    OpenWindow window({"drs"});
    window.keys({"Delete"});
    window.point(1100, 690);  // near the end of the line of time
    window.click("1");
    window.leave();
  }
  const ViewState state = remembered({"drs"});
  CHECK(state.option("cluster.chosen").empty());
  CHECK(state.at > 20 * kHour);
}

TEST_CASE("Space plays, and at the end of what is shown it stops") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  write_days();
  OpenWindow window({"drs", "--size=1200x760", "--at=1h", "--until=2h", "--set=cluster.speed=3600"});
  window.keys({"space"});
  wait_for(4);
  window.leave();
  CHECK(remembered({"drs"}).at == 2 * kHour);
}

}  // namespace hvlab::test
