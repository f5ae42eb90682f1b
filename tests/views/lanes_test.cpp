// Rows, searches and skew on small traces made by hand.
#include <algorithm>
#include <catch2/catch.hpp>

#include "busy_trace.hpp"
#include "sim/base/user_error.hpp"
#include "sim/record/trace_writer.hpp"
#include "sim/views/record_search.hpp"
#include "sim/views/skew.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

using record::LaneType;
using record::NameTable;
using record::Record;
using record::TraceReader;
using record::VcpuState;

class Sketch {
 public:
  explicit Sketch(const std::string& name) : folder_(name) {
    writer_.emplace((folder_.path / "t").string(),
                    record::FileHeader{.level = record::RecordLevel::Full, .frequency_hz = 1'000'000'000});
  }
  void lane(u16 lane, LaneType type, unsigned vm, unsigned number, const std::string& name) {
    writer_->name(
        {.table = NameTable::Lane, .key = lane, .value = record::lane_value(type, vm, number), .text = name});
    lanes_.push_back(lane);
  }
  void state(u16 lane, Picoseconds time, u64 state) {
    writer_->append({.time = time,
                     .a = state,
                     .b = 0,
                     .rip = 0,
                     .kind = record::trace_kind::kState,
                     .core = 0,
                     .lane = lane});
    writer_->summary().state(lane, time, state);
  }
  TraceReader end(Picoseconds time) {
    for (const u16 lane : lanes_) state(lane, time, record::kStateEnded);
    writer_->finish();
    return TraceReader((folder_.path / "t").string());
  }

 private:
  test::TemporaryFolder folder_;
  std::optional<record::TraceWriter> writer_;
  std::vector<u16> lanes_;
};

std::vector<std::string> text_of(const std::vector<LaneRow>& rows) {
  std::vector<std::string> texts;
  for (const LaneRow& row : rows) {
    std::string text(2 * row.depth, ' ');
    text += row.heading()
                ? "[" + row.key + (row.folded ? "] folded " : "] ") + std::to_string(row.lanes.size())
                : row.name;
    texts.push_back(text);
  }
  return texts;
}

constexpr u64 kRun = static_cast<u64>(VcpuState::Running), kHalt = static_cast<u64>(VcpuState::Halted),
              kReady = static_cast<u64>(VcpuState::Ready), kHandle = static_cast<u64>(VcpuState::Handling);

}  // namespace

// Catches lanes that are lost, in the order of their numbers, or beneath another's heading.
TEST_CASE("rows stand under their headings: processors, machines, containers, processes, devices") {
  Sketch sketch("rows");
  sketch.lane(0, LaneType::Core, 0, 0, "core 0");
  sketch.lane(1, LaneType::Device, 0, 1, "pic");
  sketch.lane(2, LaneType::Device, 0, 2, "disk");
  sketch.lane(3, LaneType::Vcpu, 2, 0, "vm 2 vcpu 0");
  sketch.lane(4, LaneType::Vcpu, 1, 1, "vm 1 vcpu 1");
  sketch.lane(5, LaneType::Vcpu, 1, 0, "vm 1 vcpu 0");
  sketch.lane(6, LaneType::Group, 1, 77, "container /one");
  sketch.lane(7, LaneType::Thread, 1, 30, "work 30");
  sketch.lane(8, LaneType::Thread, 0, 20, "qemu 20");
  sketch.lane(9, LaneType::Thread, 0, 21, "CPU 0/KVM 20/21");
  sketch.lane(10, LaneType::Thread, 0, 10, "kworker/0:1 10");
  for (u16 lane = 0; lane <= 10; ++lane)
    if (lane != 1) sketch.state(lane, 100, lane == 2 ? 1 : 0);
  sketch.state(10, 200, 2);
  const TraceReader trace = sketch.end(10 * kMillisecond);
  CHECK(text_of(lane_rows(trace)) ==
        std::vector<std::string>{"[processors] 1", "  core 0", "[vm 1] 2", "  vm 1 vcpu 0", "  vm 1 vcpu 1",
                                 "[vm 2] 1", "  vm 2 vcpu 0", "[container /one] 1", "  work 30",
                                 "[processes] folded 3", "[devices] 1", "  disk",
                                 "[other-devices] folded 1"});
  const RowChoice open{
      .toggled = {"processes", "process 20", "processors", "devices", "vm 1", "vm 2", "container /one"},
      .only = {}};
  CHECK(text_of(lane_rows(trace, open)) ==
        std::vector<std::string>{"[processors] folded 1", "[vm 1] folded 2", "[vm 2] folded 1",
                                 "[container /one] folded 1", "[processes] 3", "  [process 20] 2",
                                 "    qemu 20", "    CPU 0/KVM 20/21", "  kworker/0:1 10",
                                 "[devices] folded 1", "[other-devices] folded 1"});
  const std::vector<LaneRow> opened = lane_rows(trace, open);
  const auto process = std::ranges::find(opened, "process 20", &LaneRow::key);
  REQUIRE(process != opened.end());
  CHECK((process->name == "qemu" && process->number == 20));
  const RowChoice some{.toggled = {}, .only = std::set<u16>{0, 4}};
  CHECK(text_of(lane_rows(trace, some)) ==
        std::vector<std::string>{"[processors] 1", "  core 0", "[vm 1] 1", "  vm 1 vcpu 1"});
}

// Catches conditions that swallow each other, as names have blanks.
TEST_CASE("a filter is typed as conditions with blanks between") {
  const record::RecordFilter filter = filter_of(" kind=vm-exit,mark  lane=vm 1 vcpu 0 core=1 ");
  CHECK(filter.kinds == std::set<std::string>{"vm-exit", "mark"});
  CHECK(filter.lanes == std::set<std::string>{"vm 1 vcpu 0"});
  CHECK(filter.cores == std::set<unsigned>{1});
  CHECK(filter_of("").kinds.empty());
  CHECK_THROWS_AS(filter_of("colour=red"), UserError);
}

// Catches records that a search leaves out because it does not read their block, or takes out of order.
TEST_CASE("a search finds what a look at every record finds, forwards and backwards") {
  const test::TemporaryFolder folder("search");
  test::write_busy_trace((folder.path / "t").string(), 60'000);
  const TraceReader trace((folder.path / "t").string());
  record::RecordFilter on_core;
  on_core.add("reason=hlt");
  on_core.add("core=2");
  const RecordSearch searches[] = {
      {trace, "STEP=3"}, {trace, "request-start"}, {trace, "hlt"}, {trace, "busy"}, {trace, on_core}};
  for (const RecordSearch& search : searches) {
    std::set<Picoseconds> times;
    trace.each(0, kNever, [&](const Record& record) {
      if (search.wants(record)) times.insert(record.time);
      return true;
    });
    CAPTURE(times.size());
    REQUIRE(!times.empty());
    std::set<Picoseconds> forwards, backwards;
    for (auto found = search.next(0); found && forwards.size() < 300; found = search.next(found->time))
      forwards.insert(found->time);
    for (auto found = search.previous(kNever); found && backwards.size() < 300;
         found = search.previous(found->time))
      backwards.insert(found->time);
    const auto few = static_cast<std::ptrdiff_t>(std::min<size_t>(times.size(), 300));
    CHECK(forwards == std::set<Picoseconds>(times.begin(), std::next(times.begin(), few)));
    CHECK(backwards == std::set<Picoseconds>(std::prev(times.end(), few), times.end()));
  }
  CHECK(!RecordSearch(trace, "no such thing").next(0));
  CHECK(!RecordSearch(trace, "").next(0));
}

// Catches a lead that counts idle time, or one that the slowest sibling has not got.
TEST_CASE("skew: who runs gets ahead, who waits falls behind, who is halted is dragged along") {
  Sketch sketch("skew");
  sketch.lane(0, LaneType::Vcpu, 1, 0, "vm 1 vcpu 0");
  sketch.lane(1, LaneType::Vcpu, 1, 1, "vm 1 vcpu 1");
  sketch.lane(2, LaneType::Vcpu, 2, 0, "vm 2 vcpu 0");
  const Picoseconds ms = Picoseconds{1} << 30;  // about: on buckets' borders
  for (u16 lane = 0; lane < 3; ++lane) sketch.state(lane, 0, kRun);
  sketch.state(1, 2 * ms, kReady);   // waits while the other runs ...
  sketch.state(0, 4 * ms, kHandle);  // ... and has its exit handled: ahead by 3
  sketch.state(0, 5 * ms, kHalt);    // halts: it wants nothing, and nobody is compared with it
  sketch.state(1, 5 * ms, kRun);     // runs on alone, from 2 behind 5, to 7
  sketch.state(0, 10 * ms, kRun);    // was dragged along once the other was past it
  const TraceReader trace = sketch.end(12 * ms);
  const std::vector<SkewCurve> curves = skew_curves(trace);
  REQUIRE(curves.size() == 1);
  CHECK(curves[0].machine == 1);
  CHECK(curves[0].lanes == std::vector<u16>{0, 1});
  const Picoseconds step = Picoseconds{1} << curves[0].shift;
  CHECK(step <= 64 * kMicrosecond);
  const auto lead = [&](Picoseconds time) {
    return skew_at(curves[0], static_cast<PicosecondDelta>(time - 1));
  };
  CHECK(lead(2 * ms) == std::vector<Picoseconds>{0, 0});
  CHECK(lead(4 * ms) == std::vector<Picoseconds>{2 * ms, 0});
  CHECK(lead(5 * ms) == std::vector<Picoseconds>{3 * ms, 0});
  CHECK(lead(7 * ms) == std::vector<Picoseconds>{0, 0});
  CHECK(lead(12 * ms) == std::vector<Picoseconds>{0, 0});
  CHECK(curves[0].most == 3 * ms);
  const auto columns = skew_columns(curves[0], {0, static_cast<PicosecondDelta>(12 * ms), 6});
  CHECK(columns[0] == std::vector<Picoseconds>{0, 2 * ms, 3 * ms, 0, 0, 0});
}

}  // namespace hvlab::views
