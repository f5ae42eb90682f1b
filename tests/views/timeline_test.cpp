// Timelines: whatever the zoom, columns add up to what the records say.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "busy_trace.hpp"
#include "sim/base/user_error.hpp"
#include "sim/observe/event.hpp"
#include "sim/record/run_writer.hpp"
#include "sim/views/lane_details.hpp"
#include "sim/views/lane_pictures.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

using observe::EventKind;
using record::Record;
using record::TraceReader;

constexpr u64 kEvents = 60'000;

// A run directory with a busy trace; with `share` of 100 less than all, it broke off there.
struct BusyRun {
  explicit BusyRun(const std::string& name, unsigned share = 100,
                   record::RecordLevel level = record::RecordLevel::Full)
      : folder(name) {
    const std::string path = (folder.path / "run").string() + "/";
    record::RunWriter writer(path, {});
    const std::string trace = writer.streamed(record::kTraceFile);
    test::write_busy_trace(trace, kEvents, level);
    if (share != 100) std::filesystem::resize_file(trace, std::filesystem::file_size(trace) * share / 100);
    writer.finish(share == 100 ? record::RunState::Complete : record::RunState::Partial, {});
    run.emplace(path);
  }
  const TraceReader& trace() const { return *run->trace(); }

  test::TemporaryFolder folder;
  std::optional<OpenRun> run;
};

// Time in each state and exits of a lane in a span, from nothing but its records.
struct Exact {
  std::map<u64, u64> times;
  u64 exits = 0;
};

Exact exact(const TraceReader& trace, u16 lane, Picoseconds from, Picoseconds until) {
  Exact sum;
  u64 state = record::kStateEnded;
  Picoseconds since = 0;
  const auto charge = [&](Picoseconds time) {
    const Picoseconds begin = std::max(since, from), end = std::min(time, until);
    if (state != record::kStateEnded && begin < end) sum.times[state] += end - begin;
  };
  trace.each(0, kNever, [&](const Record& record) {
    if (record.lane != lane) return true;
    if (record.kind == record::trace_kind::kState) {
      charge(record.time);
      state = record.a;
      since = record.time;
    }
    if (record.kind == static_cast<u8>(EventKind::VmExit) && record.time >= from && record.time < until)
      ++sum.exits;
    return true;
  });
  charge(trace.end());
  return sum;
}

Exact in_picture(const RowPicture& picture) {
  Exact sum;
  for (const StateTime& one : picture.times) sum.times[one.state] += one.time;
  for (const u32 exits : picture.exits) sum.exits += exits;
  return sum;
}

std::vector<LaneRow> lanes_only(const TraceReader& trace) {
  std::vector<LaneRow> rows = lane_rows(trace);
  std::erase_if(rows, [](const LaneRow& row) { return row.heading(); });
  return rows;
}

void check_columns(const BusyRun& busy, Picoseconds from, Picoseconds until, u32 count) {
  const std::vector<LaneRow> rows = lanes_only(busy.trace());
  REQUIRE(rows.size() >= 8);
  LanePictures pictures;
  const Columns columns{static_cast<PicosecondDelta>(from), static_cast<PicosecondDelta>(until), count};
  const std::vector<RowPicture> all = pictures.make(*busy.run, rows, columns);
  REQUIRE(all.size() == rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(from, until, count, rows[i].name);
    REQUIRE(all[i].first.size() == count + 1);
    const Exact should = exact(busy.trace(), rows[i].lanes.front(), from, until);
    const Exact is = in_picture(all[i]);
    CHECK(is.times == should.times);
    CHECK(is.exits == should.exits);
    for (u32 column = 0; column < count; ++column) {
      u64 time = 0;
      for (u32 n = all[i].first[column]; n < all[i].first[column + 1]; ++n) time += all[i].times[n].time;
      REQUIRE(time <= static_cast<u64>(columns.begin(column + 1) - columns.begin(column)) + 8);  // rounded
    }
  }
}

// A span from a bucket's border to another, so that no bucket lies half inside.
void check_zooms(const BusyRun& busy) {
  const Picoseconds end = busy.trace().end();
  const unsigned finest = busy.trace().levels().front().shift;
  for (const unsigned shift : {8U, 12U, finest - 1, finest, finest + 3}) {
    const Picoseconds from = (end / 3) >> (shift + 4) << (shift + 4);  // 64 columns: buckets 16 times as wide
    for (const u32 count : {64U, 512U, 1000U}) check_columns(busy, from, from + (u64{1024} << shift), count);
  }
  check_columns(busy, 0, ((end >> finest) + 1) << finest, 777);
}

}  // namespace

// Catches a level of detail that shows something else than another; buckets lost or doubled between columns
// and tiles.
TEST_CASE("at every zoom the columns' states and exits add up to the records'") {
  check_zooms(BusyRun("timeline"));
}

// Catches a picture that needs the summaries of a whole file.
TEST_CASE("the same of a trace that broke off") {
  const BusyRun busy("timeline-cut", 60);
  REQUIRE(!busy.trace().complete());
  REQUIRE(busy.trace().records() > kEvents / 4);
  check_zooms(busy);
}

// Catches state that is looked for only where records are.
TEST_CASE("the deepest zoom shows the state of every lane, between records, too") {
  const BusyRun busy("timeline-deep");
  const std::vector<LaneRow> rows = lanes_only(busy.trace());
  LanePictures pictures;
  const Picoseconds middle = busy.trace().end() / 2;
  const Columns columns{static_cast<PicosecondDelta>(middle), static_cast<PicosecondDelta>(middle) + 500,
                        500};
  const std::vector<RowPicture> all = pictures.make(*busy.run, rows, columns);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto interval = interval_at(busy.trace(), rows[i].lanes.front(), middle);
    CAPTURE(rows[i].name);
    if (!interval) {
      CHECK(all[i].times.empty());
      continue;
    }
    REQUIRE(!all[i].times.empty());
    CHECK(all[i].times.front().state == interval->record.a);
    CHECK(interval->record.time <= middle);
    CHECK(interval->until > middle);
    if (interval->until > middle + 500) CHECK(all[i].times.size() == 500);
  }
}

// Catches a frame that costs what the run recorded.
TEST_CASE("panning makes a new tile only at the border of one, and nothing for a picture made before") {
  const BusyRun busy("timeline-pan");
  const std::vector<LaneRow> rows = lanes_only(busy.trace());
  LanePictures pictures;
  const auto end = static_cast<PicosecondDelta>(busy.trace().end());
  const Columns columns{end / 4, end / 2, 1000};
  const auto first = pictures.make(*busy.run, rows, columns);
  const u64 made = pictures.tiles_made();
  CHECK(made > 0);
  const auto again = pictures.make(*busy.run, rows, columns);
  CHECK(pictures.tiles_made() == made);
  REQUIRE(again.size() == first.size());
  for (size_t i = 0; i < first.size(); ++i) {
    CHECK(again[i].exits == first[i].exits);
    CHECK(again[i].times.size() == first[i].times.size());
  }
  const PicosecondDelta step = end / 4 / 1000;
  for (int i = 1; i <= 100; ++i)
    pictures.make(*busy.run, rows, {end / 4 + i * step, end / 2 + i * step, 1000});
  CHECK(pictures.tiles_made() <=
        made + rows.size());  // at most one tile a lane: 100 columns are less than a tile
}

// Catches a span before the run began that is drawn as its beginning.
TEST_CASE("before a run begins and after it ends there is nothing") {
  const BusyRun busy("timeline-around");
  const std::vector<LaneRow> rows = lanes_only(busy.trace());
  LanePictures pictures;
  const auto end = static_cast<PicosecondDelta>(busy.trace().end());
  for (const RowPicture& picture : pictures.make(*busy.run, rows, {-2 * end, -end, 300}))
    CHECK(picture.times.empty());
  for (const RowPicture& picture : pictures.make(*busy.run, rows, {2 * end, 3 * end, 300}))
    CHECK(picture.times.empty());
  const auto half = pictures.make(*busy.run, rows, {-end, end, 300});
  CHECK(half.front().first[149] == 0);
  CHECK(half.front().first[160] > 0);
}

// Catches ticks that count what the filter shut out.
TEST_CASE("ticks of one reason or kind count just those") {
  const BusyRun busy("timeline-ticks");
  const std::vector<LaneRow> rows = lanes_only(busy.trace());
  LanePictures pictures;
  const Columns all{0, (PicosecondDelta{1} << 40), 100};
  u64 hlt = 0, rings = 0, found_hlt = 0, found_rings = 0;
  const u64 number = busy.trace().names(record::NameTable::ExitReason).at(0x78).value;
  busy.trace().each(0, kNever, [&](const Record& record) {
    hlt += record.kind == static_cast<u8>(EventKind::VmExit) && record.a == 0x78;
    rings += record.kind == static_cast<u8>(EventKind::RingChange);
    return true;
  });
  for (const RowPicture& picture :
       pictures.make(*busy.run, rows, all, {.kinds = {}, .reasons = {static_cast<u16>(number)}})) {
    for (const u32 count : picture.exits) found_hlt += count;
    for (const u32 count : picture.others) CHECK(count == 0);
  }
  const TickChoice ring{.kinds = {static_cast<u16>(EventKind::RingChange)}, .reasons = {}};
  for (const RowPicture& picture : pictures.make(*busy.run, rows, all, ring)) {
    for (const u32 count : picture.others) found_rings += count;
    for (const u32 count : picture.exits) CHECK(count == 0);
  }
  CHECK(hlt > 100);
  CHECK(found_hlt == hlt);
  CHECK(found_rings == rings);
}

// Catches a measure that counts whole buckets where A and B lie within.
TEST_CASE("what is measured between two times is exact") {
  const BusyRun busy("timeline-measure");
  const Picoseconds end = busy.trace().end();
  std::vector<u16> lanes;
  for (const auto& [lane, info] : busy.trace().lanes()) lanes.push_back(lane);
  for (const auto& [from, until] :
       {std::pair(end / 3 + 1, end / 3 + 5'000'003), std::pair(end / 5 + 77, end / 2 + 1),
        std::pair(Picoseconds{0}, end + 1), std::pair(end / 2, end / 2 + 10)}) {
    for (const LaneSums& sums : measure(busy.trace(), from, until, lanes)) {
      CAPTURE(from, until, sums.lane);
      const Exact should = exact(busy.trace(), sums.lane, from, until);
      std::map<u64, u64> times;
      for (const StateTime& one : sums.states) times[one.state] = one.time;
      CHECK(times == should.times);
      CHECK(sums.exit_count == should.exits);
    }
  }
}

// Catches records that are lost, out of order, or of other lanes; and a look that reads the whole run.
TEST_CASE("single records are given where they are few, and not where they are many") {
  const BusyRun busy("timeline-records");
  const Picoseconds middle = busy.trace().end() / 2;
  const std::vector<u16> lanes = {0, 2, 5};
  const auto found = records_in(busy.trace(), middle, middle + 20 * kMicrosecond, lanes, 1000);
  REQUIRE(found);
  std::vector<Record> inside, should;
  for (const Record& record : *found)
    if (record.time >= middle) inside.push_back(record);
  busy.trace().each(middle, middle + 20 * kMicrosecond, [&](const Record& record) {
    if (std::ranges::find(lanes, record.lane) != lanes.end()) should.push_back(record);
    return true;
  });
  std::ranges::stable_sort(should, {}, &Record::time);
  CHECK(should.size() > 10);
  CHECK(inside == should);
  CHECK(found->size() > inside.size());  // what holds when the span begins
  CHECK(!records_in(busy.trace(), 0, busy.trace().end(), lanes, 1000));
}

// Catches a time of handling that is another exit's.
TEST_CASE("an exit is handled until its virtual processor is entered again") {
  const BusyRun busy("timeline-handling");
  std::optional<Record> exit;
  std::optional<Picoseconds> entered;
  busy.trace().each(busy.trace().end() / 2, kNever, [&](const Record& record) {
    if (!exit && record.kind == static_cast<u8>(EventKind::VmExit)) exit = record;
    if (exit && record.lane == exit->lane && record.kind == static_cast<u8>(EventKind::VmEntry))
      entered = record.time;
    return !entered;
  });
  REQUIRE(entered);
  const auto cycles = handling_cycles(busy.trace(), *exit);
  REQUIRE(cycles);
  CHECK(static_cast<double>(*cycles) ==
        Approx(static_cast<double>(*entered - exit->time) * 3.4e-3).margin(1));
}

// Catches lines that are lost between blocks.
TEST_CASE("all lines of the console are found, in order") {
  const BusyRun busy("timeline-marks");
  const std::vector<ConsoleMark> marks = console_marks(busy.trace());
  REQUIRE(marks.size() == kEvents / 10'000);
  for (size_t i = 0; i < marks.size(); ++i) CHECK(marks[i].text == "HVLAB step=" + std::to_string(i));
  CHECK(std::ranges::is_sorted(marks, {}, &ConsoleMark::time));
}

}  // namespace hvlab::views
