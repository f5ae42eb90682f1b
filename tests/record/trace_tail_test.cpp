// A trace that is being written: read on as it grows, and shown up to what its file does not have yet.
#include <catch2/catch.hpp>

#include "sim/record/trace_reader.hpp"
#include "temporary_folder.hpp"
#include "trace_samples.hpp"

using namespace hvlab;
using namespace hvlab::record;

namespace {

std::vector<Record> all_records(const TraceReader& reader) {
  std::vector<Record> records;
  reader.each(0, kNever, [&](const Record& record) {
    records.push_back(record);
    return true;
  });
  return records;
}

bool same_levels(const std::vector<SummaryLevel>& a, const std::vector<SummaryLevel>& b) {
  return std::ranges::equal(a, b, [](const SummaryLevel& one, const SummaryLevel& other) {
    return one.shift == other.shift && one.entries == other.entries;
  });
}

TraceTail tail_of(const TraceWriter& writer) {
  return {writer.written(), writer.pending_records(), writer.pending_names(), 0};
}

}  // namespace

// Catches records that are shown twice or not at all, and sums that were not told on.
TEST_CASE("a trace that grows reads as one that was opened then") {
  const test::TemporaryFolder folder("trace-grows");
  const std::string path = (folder.path / "t").string();
  const std::vector<Record> records = test::sample_records();
  TraceWriter writer(path, {.level = RecordLevel::Full, .frequency_hz = 3'000'000'000});
  for (u16 lane = 0; lane < 4; ++lane)
    writer.name(
        {.table = NameTable::Lane, .key = lane, .value = lane_value(LaneType::Core, 0, lane), .text = "c"});
  TraceReader reader(path);
  CHECK_FALSE(reader.extend());
  for (size_t i = 0; i < records.size(); ++i) {
    writer.append(records[i]);
    if (i % 5 != 4) continue;
    CAPTURE(i);
    REQUIRE(reader.set_tail(tail_of(writer)));
    CHECK(all_records(reader) ==
          std::vector<Record>(records.begin(), records.begin() + static_cast<int>(i) + 1));
    CHECK(reader.lanes().size() == 4);
    const std::vector<SummaryLevel> shown = reader.levels();
    const std::map<u16, Record> states = reader.states_at(kNever - 1);
    if (i % 20 != 19) continue;
    const TraceTail old = tail_of(writer);
    writer.flush();
    CHECK(reader.extend());
    CHECK_FALSE(reader.set_tail(old));  // the file has them
    const TraceReader anew(path);
    CHECK(all_records(reader) == all_records(anew));
    CHECK(same_levels(reader.levels(), anew.levels()));
    CHECK(same_levels(shown, anew.levels()));
    CHECK(states.size() == anew.states_at(kNever - 1).size());
  }
}

// Catches a state that is taken to have ended with the last event.
TEST_CASE("what holds at a trace's tail holds up to where the run stands") {
  const test::TemporaryFolder folder("trace-until");
  TraceWriter writer((folder.path / "t").string(),
                     {.level = RecordLevel::Full, .frequency_hz = 3'000'000'000});
  TraceReader reader((folder.path / "t").string());
  writer.append({.time = 1000, .a = 1, .kind = trace_kind::kState});
  TraceTail tail = tail_of(writer);
  tail.until = 9000;
  REQUIRE(reader.set_tail(tail));
  CHECK(reader.end() == 9000);
  const std::vector<Entry> sums = reader.sums(0, 9001, {0});
  REQUIRE(sums.size() == 1);
  CHECK(sums[0].value == 8000);
}

// Catches a background count of a live run that misses what its file has not, or that changes under it.
TEST_CASE("a copy of a trace shows its tail, and stays as it was while the trace grows") {
  const test::TemporaryFolder folder("trace-copy");
  const std::string path = (folder.path / "t").string();
  const std::vector<Record> records = test::sample_records();
  TraceWriter writer(path, {.level = RecordLevel::Full, .frequency_hz = 3'000'000'000});
  TraceReader reader(path);
  for (size_t i = 0; i < 10; ++i) writer.append(records[i]);
  writer.flush();
  for (size_t i = 10; i < 20; ++i) writer.append(records[i]);
  REQUIRE(reader.extend());
  REQUIRE(reader.set_tail(tail_of(writer)));
  const TraceReader copy(reader);
  writer.append(records[20]);
  writer.flush();
  REQUIRE(reader.extend());
  CHECK(all_records(copy) == std::vector<Record>(records.begin(), records.begin() + 20));
  CHECK(all_records(reader) == std::vector<Record>(records.begin(), records.begin() + 21));
}

// Catches an answer of another program's that gets into what is shown.
TEST_CASE("the answer to tail is read, and refused if anything in it is wrong") {
  const Record record{.time = 5, .a = 7, .b = 16, .kind = 3, .core = 1, .lane = 2};
  const Json good = Json::parse(R"({"written": 9, "from": 9, "records": [[5, 3, 1, 2, 7, "0x10", "0x0"]],
                                    "names": [[1, "0x2", "0x3", "four"]]})");
  const auto tail = trace_tail_of(good);
  REQUIRE(tail);
  CHECK(tail->written == 9);
  CHECK(tail->records == std::vector<Record>{record});
  CHECK((tail->names.at(0).key == 2 && tail->names.at(0).text == "four"));
  const auto refused = [&](const char* member, const char* value) {
    Json bad = good;
    bad[member] = Json::parse(value);
    CAPTURE(bad.dump());
    CHECK_FALSE(trace_tail_of(bad));
  };
  refused("written", "-1");
  refused("from", "8");
  refused("records", R"("none")");
  refused("records", "[[1, 2, 3]]");
  refused("records", "[[5, 256, 1, 2, 0, 0, 0]]");
  refused("records", "[[5, 3, 1, 4096, 0, 0, 0]]");
  refused("records", "[[4611686018427387905, 3, 1, 2, 0, 0, 0]]");
  refused("records", R"([[5, 3, 1, 2, "0xfffffffffffffffff", 0, 0]])");
  refused("records", R"([[5, 3, 1, 2, "7", 0, 0]])");
  refused("names", "[[1, 2, 3, 4]]");
  CHECK_FALSE(trace_tail_of(Json::array()));
  CHECK_FALSE(trace_tail_of({{"ok", false}}));
}
