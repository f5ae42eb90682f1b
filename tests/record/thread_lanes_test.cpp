// Lanes of threads and groups in a trace.
#include "sim/record/thread_lanes.hpp"

#include <catch2/catch.hpp>

#include "sim/record/trace_reader.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::record;
using observe::ThreadState;

// Catches lanes without name or type, times that go back, states that do not add up, and more lanes than
// allowed.
TEST_CASE("threads and groups are lanes with states") {
  const test::TemporaryFolder folder("threads");
  const std::string path = (folder.path / "t").string();
  TraceWriter writer(path, {.level = RecordLevel::Summary, .frequency_hz = 1'000'000'000});
  u16 next = 5;
  ThreadLanes lanes(writer, [&] { return next == 8 ? ThreadLanes::kNoLane : next++; });
  lanes.group_named({.number = 1, .container = true, .id = 77, .path = "/box"});
  lanes.thread_named({.number = 0, .pid = 9, .tgid = 8, .name = "server", .group = 1});
  lanes.thread_changed({.number = 0, .core = 1, .time = 100, .state = ThreadState::Running, .call = 0});
  lanes.group_changed(1, 1, 100, 1);
  lanes.thread_changed({.number = 0, .core = 0, .time = 90, .state = ThreadState::Sleeping, .call = 203});
  lanes.group_changed(1, 0, 90, 0);
  lanes.thread_named({.number = 0, .pid = 9, .tgid = 8, .name = "renamed", .group = 1});
  lanes.thread_named({.number = 1, .pid = 10, .tgid = 10, .name = "short", .group = 0});
  lanes.thread_changed({.number = 1, .core = 0, .time = 150, .state = ThreadState::Running, .call = 0});
  lanes.thread_changed({.number = 1, .core = 0, .time = 160, .state = ThreadState::Ended, .call = 0});
  lanes.thread_named({.number = 2, .pid = 11, .tgid = 11, .name = "many", .group = 0});  // has no lane
  lanes.thread_changed({.number = 2, .core = 0, .time = 170, .state = ThreadState::Running, .call = 0});
  CHECK(lanes.last() == 160);
  lanes.finish(200);
  writer.finish();

  const TraceReader reader(path);
  REQUIRE(reader.lanes().size() == 3);
  const LaneInfo &group = reader.lanes().at(5), &thread = reader.lanes().at(6);
  CHECK((group.type == LaneType::Group && group.vm == 1 && group.number == 77));
  CHECK(group.name == "container /box");
  CHECK((thread.type == LaneType::Thread && thread.vm == 1 && thread.number == 9));
  CHECK(thread.name == "renamed 8/9");
  CHECK(reader.lanes().at(7).name == "short 10");
  std::string story;
  reader.each(0, kNever, [&](const Record& r) {
    story += std::to_string(r.lane) + ":" + std::to_string(r.a) + "@" + std::to_string(r.time) + "/" +
             std::to_string(r.b) + " ";
    return true;
  });
  CHECK(story == "6:0@100/0 5:1@100/1 6:2@100/203 5:0@100/0 7:0@150/0 7:255@160/0 6:255@200/0 5:255@200/0 ");
}
