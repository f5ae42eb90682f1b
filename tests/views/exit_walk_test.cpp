// Catches a walk whose steps have gaps, or whose time is not what the tables say the exit took.
#include <catch2/catch.hpp>

#include "exit_recording.hpp"
#include "sim/views/exit_walk.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

record::TraceReader recorded() {
  const test::TemporaryFolder folder("views-walk");
  const std::string path = (folder.path / "trace.hvt").string();
  test::record_exits(path);
  return record::TraceReader(path);
}

u16 lane_of(const record::TraceReader& trace, const std::string& name) {
  for (const auto& [lane, info] : trace.lanes())
    if (info.name == name) return lane;
  FAIL("no lane " << name);
  return 0;
}

std::vector<std::string> rungs(const Ladder& ladder) {
  std::vector<std::string> list;
  list.reserve(ladder.steps.size());
  for (const Step& step : ladder.steps) list.emplace_back(name(step.rung));
  return list;
}

void check_whole(const Ladder& ladder) {
  Picoseconds at = 0;
  for (const Step& step : ladder.steps) {
    CHECK(step.begin == at);
    at = step.end;
  }
  CHECK(at == ladder.length);
}

}  // namespace

TEST_CASE("an exit goes out of the guest, through hypervisor and VMM process, and back") {
  const record::TraceReader trace = recorded();
  const auto exit = find_exit(trace, lane_of(trace, "vm 1 vcpu 0"), 500 * kNanosecond);
  REQUIRE(exit);
  const Ladder walk = walk_of(trace, *exit);
  CHECK(rungs(walk) == std::vector<std::string>{"guest-kernel", "switch", "hypervisor", "vmm-process",
                                                "hypervisor", "switch", "guest-kernel"});
  check_whole(walk);
  CHECK(walk.cycles == exit->cycles(trace.frequency_hz()));
  CHECK(walk.steps[1].label == "exit");
  CHECK(walk.steps[1].begin == walk.zero);
  CHECK(walk.steps[1].cycles == 10);
  CHECK(walk.steps[3].cycles == 40);
  CHECK(walk.steps[5].label == "entry");
  CHECK(walk.crossings == 1);
  CHECK(walk.began + walk.zero == 500 * kNanosecond);
}

TEST_CASE("an exit whose guest goes on on another processor waits from where its own turns away") {
  const record::TraceReader trace = recorded();
  const auto exit = find_exit(trace, lane_of(trace, "vm 1 vcpu 0"), 700 * kNanosecond);
  REQUIRE(exit);
  const Ladder walk = walk_of(trace, *exit);
  CHECK(rungs(walk) ==
        std::vector<std::string>{"guest-kernel", "switch", "hypervisor", "waiting", "guest-kernel"});
  check_whole(walk);
  CHECK(walk.cycles == 300);
  CHECK(walk.steps[3].cycles == 280);
  CHECK(walk.steps[4].core == 1);
}

TEST_CASE("of an exit that has not ended what is known is shown") {
  const record::TraceReader trace = recorded();
  const auto exit = find_exit(trace, lane_of(trace, "vm 2 vcpu 0"), 800 * kNanosecond);
  REQUIRE(exit);
  CHECK(!exit->entered);
  const Ladder walk = walk_of(trace, *exit);
  check_whole(walk);
  CHECK(walk.began + walk.length == trace.end());
  CHECK(!find_exit(trace, exit->lane, 801 * kNanosecond));
}

}  // namespace hvlab::views
