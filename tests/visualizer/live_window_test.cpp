// The real window on a run that waits for somebody to say go: driven by keys, watched over a second
// connection.
#include "live_boot.hpp"
#include "open_window.hpp"
#include "temporary_folder.hpp"
#include "viewer_run.hpp"
#include "visualizer/display.hpp"
#include "visualizer/session.hpp"
#include "visualizer/state.hpp"

namespace hvlab::test {
namespace {

using record::Json;

// Once `holds`; keys take their way through the display and the window.
template <class Holds>
Json status_when(Viewer& viewer, Holds holds) {
  for (int i = 0; i < 100; ++i) {
    Json status = viewer.ask({{"do", "status"}});
    if (holds(status)) return status;
    wait_for(0.1);
  }
  FAIL("the run does not come to that: " + viewer.ask({{"do", "status"}}).dump());
  return {};
}

u64 exits_of(const Json& status) {
  u64 sum = 0;
  for (const Json& vcpu : status["virtual_processors"]) sum += vcpu["exits"].get<u64>();
  return sum;
}

}  // namespace

// Catches keys that do nothing, or another thing, to the run; and a window that gets into what is simulated.
TEST_CASE("F10, F11, F6, F7 and F5 step, slow and let go a live run, which leaves the same bytes") {
  unsetenv("DISPLAY");
  const visualizer::Display display(true, 1280, 900);
  const Fixture fixture;
  const fs::path a = fixture.folder() / "a", b = fixture.folder() / "b";
  REQUIRE(WEXITSTATUS(std::system((boot_command(a, "--record-level full")).c_str())) == kLimit);
  Run run(b, "--record-level full --live=wait");
  Viewer viewer(run.socket());
  OpenWindow window({b.string(), "--size=1200x760", "--view=timeline"});
  CHECK(viewer.ask({{"do", "status"}})["time"] == 0);

  window.keys({"F10"});
  Json status = status_when(viewer, [](const Json& s) { return s["paused"] == true && s["time"] != 0; });
  CHECK(status["why"].get<std::string>().starts_with("exit "));
  const u64 exits = exits_of(status);
  window.keys({"F10"});
  status = status_when(viewer, [&](const Json& s) { return s["paused"] == true && exits_of(s) > exits; });
  CHECK(exits_of(status) == exits + 1);
  const u64 instructions = status["instructions"].get<u64>();
  window.keys({"F11"});
  status = status_when(
      viewer, [&](const Json& s) { return s["paused"] == true && s["instructions"] > instructions; });
  CHECK(status["instructions"] == instructions + 1);
  window.keys({"F6"});
  status_when(viewer, [](const Json& s) { return s["speed"] == 1; });
  wait_for(0.5);
  window.keys({"F7"});
  status = status_when(viewer, [](const Json& s) { return s["speed"] == 0; });
  wait_for(0.5);
  window.keys({"ctrl+s"});
  wait_for(0.5);
  CHECK(fs::exists(fixture.folder() / "hvlab-timeline.png"));
  window.keys({"F5"});
  CHECK(viewer.until("ended")["end"] == "time-limit");
  CHECK(run.wait() == kLimit);
  wait_for(0.5);
  window.leave();

  const auto session = visualizer::last_session(visualizer::session_folder(), {b.string()});
  REQUIRE(session);
  const visualizer::ViewState left = visualizer::request_from_arguments(session->arguments).state;
  CHECK(left.at == static_cast<visualizer::PicosecondDelta>(status["processor_time"].get<u64>()));
  check_same(a, b);
}

}  // namespace hvlab::test
