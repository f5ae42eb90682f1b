// Traces written and read back: whole, broken off anywhere, damaged.
#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"
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

}  // namespace

// Catches fields that are cut off, times that lose their order, and blocks that are lost.
TEST_CASE("what was written is read back") {
  const test::TemporaryFolder folder("trace");
  const std::vector<Record> records = test::sample_records();
  const std::string path = (folder.path / "t").string();
  test::write_sample(path, records);
  const TraceReader reader(path);
  CHECK(reader.complete());
  CHECK(reader.level() == RecordLevel::Full);
  CHECK(reader.frequency_hz() == 3'000'000'000);
  CHECK(reader.chunks().size() == 3);
  CHECK(all_records(reader) == records);
  CHECK(reader.begin() == 992'000);
  CHECK(reader.name(NameTable::Mark, 30) == "mark 30");
  CHECK(reader.name(NameTable::Mark, 31) == "31");
  CHECK(reader.lanes().at(3).name == "core 3");
}

// Catches a block that cannot be understood without those before it.
TEST_CASE("a block begins with the states that hold") {
  const test::TemporaryFolder folder("trace-held");
  const std::string path = (folder.path / "t").string();
  test::write_sample(path, test::sample_records());
  const TraceReader reader(path);
  const std::vector<Record> second = reader.read(1);
  // Records 0, 7 and 14 are states of lanes 0, 3 and 2.
  REQUIRE(second.size() == 23);
  CHECK((second[0].kind == trace_kind::kHeld && second[0].lane == 0 && second[0].a == 0));
  CHECK((second[1].lane == 2 && second[1].a == 4));
  CHECK((second[2].lane == 3 && second[2].a == 2));
  CHECK(second[3].kind != trace_kind::kHeld);
}

// Catches a reader that loses whole blocks of a file that broke off, takes half of one, or calls it complete.
TEST_CASE("a trace that broke off anywhere gives its whole blocks") {
  const test::TemporaryFolder folder("trace-cut");
  const std::vector<Record> records = test::sample_records();
  test::write_sample((folder.path / "whole").string(), records);
  const std::vector<u8> bytes = test::file_content(folder.path / "whole");
  const TraceReader whole((folder.path / "whole").string());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::string path = folder.file("cut", {bytes.begin(), bytes.begin() + length});
    CAPTURE(length);
    if (length < kFileHeaderBytes) {
      CHECK_THROWS_AS(TraceReader(path), UserError);
      continue;
    }
    const TraceReader reader(path);
    REQUIRE(!reader.complete());
    REQUIRE(reader.problem().empty());
    size_t blocks = 0;
    for (const Chunk& chunk : whole.chunks())
      if (chunk.offset + kBlockHeaderBytes + chunk.header.stored <= length) ++blocks;
    REQUIRE(reader.chunks().size() == blocks);
    const auto end = records.begin() + static_cast<std::ptrdiff_t>(20 * blocks);
    REQUIRE(all_records(reader) == std::vector<Record>(records.begin(), end));
    if (blocks == 3) REQUIRE(reader.levels().front().entries == whole.levels().front().entries);
  }
}

// Catches damage that goes unnoticed or says nothing of where it is.
TEST_CASE("a damaged byte is found, and said where") {
  const test::TemporaryFolder folder("trace-damage");
  const std::vector<Record> records = test::sample_records();
  const std::string path = (folder.path / "t").string();
  test::write_sample(path, records);
  const std::vector<u8> bytes = test::file_content(path);
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::vector<u8> bad = bytes;
    bad[at] ^= 0x10;
    folder.file("t", bad);
    CAPTURE(at);
    try {
      const TraceReader reader(path);
      const std::vector<Record> found = all_records(reader);
      REQUIRE((!reader.complete() || found == records));
      reader.levels();
    } catch (const UserError& error) {
      const std::string message = error.what();
      REQUIRE(message.find('\n') == std::string::npos);
      REQUIRE((at < kFileHeaderBytes || message.find("damaged at byte ") != std::string::npos));
    }
  }
}

// Catches a summary that differs by where it is made from: levels in the file, or records.
TEST_CASE("summaries of a span have the same sums from levels and from records") {
  const test::TemporaryFolder folder("trace-summary");
  const std::string path = (folder.path / "t").string();
  test::write_sample(path, test::sample_records());
  const TraceReader reader(path);
  for (const u32 most : {1U, 2U, 300U, 8192U}) {
    const SummaryLevel level = reader.summary(0, reader.end() + 1, most);
    CAPTURE(most, level.shift);
    u64 events = 0, time = 0;
    for (const Entry& entry : level.entries) {
      CHECK(entry.bucket < most);
      if (entry.what == test::kPortWrite) events += entry.value;
      if (entry.what >= what::kTime) time += entry.value;
    }
    CHECK(events == 51);
    if (most <= 2) CHECK(level.shift >= reader.levels().front().shift);
    if (most >= 300) CHECK(level.shift < reader.levels().front().shift);
    CHECK(time > 0);
  }
}

// Catches a look between two blocks, where nothing is recorded, that finds the lanes empty.
TEST_CASE("what holds between two blocks is known") {
  const test::TemporaryFolder folder("trace-gap");
  const std::string path = (folder.path / "t").string();
  std::vector<Record> records = test::sample_records();
  for (size_t i = 20; i < 60; ++i) records[i].time += kMillisecond;
  test::write_sample(path, records);
  const TraceReader reader(path);
  const Picoseconds gap = reader.chunks()[0].header.latest + kMicrosecond;
  REQUIRE(gap + kMicrosecond < reader.chunks()[1].header.earliest);
  const SummaryLevel level = reader.buckets(gap, gap + 2000, 3, {0, 2});
  u64 time = 0;
  for (const Entry& entry : level.entries) {
    CHECK(entry.what == what::kTime + (entry.lane == 0 ? 0 : 4));  // as told by records 0 and 14
    time += entry.value;
  }
  CHECK((time >= 4000 && time <= 4016));
}

// Catches lanes or borders that get lost when only some are asked for.
TEST_CASE("buckets of some lanes are those of all") {
  const test::TemporaryFolder folder("trace-lanes");
  const std::string path = (folder.path / "t").string();
  test::write_sample(path, test::sample_records());
  const TraceReader reader(path);
  for (const unsigned shift : {8U, 14U, 20U, 22U}) {
    SummaryLevel all = reader.buckets(1'050'000, 1'200'000, shift, {0, 1, 2, 3});
    const SummaryLevel some = reader.buckets(1'050'000, 1'200'000, shift, {1, 3});
    std::erase_if(all.entries, [](const Entry& entry) { return entry.lane % 2 == 0; });
    CAPTURE(shift);
    CHECK(some.first == 1'050'000U >> shift);
    CHECK(!some.entries.empty());
    CHECK(some.entries == all.entries);
  }
}

// Catches what is lost or counted twice where levels and records meet.
TEST_CASE("sums of any span add up to those of its parts, and a whole is what the levels say") {
  const test::TemporaryFolder folder("trace-sums");
  const std::string path = (folder.path / "t").string();
  std::vector<Record> records = test::sample_records();
  for (size_t i = 0; i < records.size(); ++i) records[i].time += i * 400'000;  // some twenty finest buckets
  test::write_sample(path, records);
  const TraceReader reader(path);
  const std::vector<u16> lanes = {0, 1, 2, 3};
  using Sums = std::map<std::pair<u16, u16>, u64>;
  const auto add = [](Sums& to, const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) to[{entry.lane, entry.what}] += entry.value;
  };
  Sums whole;
  add(whole, reader.levels().front().entries);
  for (const Picoseconds cut : {1'000'000, 1'048'576, 1'100'000, 3'145'728, 9'000'001, 23'000'000}) {
    Sums parts;
    add(parts, reader.sums(0, cut, lanes));
    add(parts, reader.sums(cut, cut + 1'500'000, lanes));
    add(parts, reader.sums(cut + 1'500'000, reader.end() + 1, lanes));
    CAPTURE(cut);
    CHECK(parts == whole);
  }
}

// Catches output that depends on anything but what was recorded.
TEST_CASE("equal recordings are equal files") {
  const test::TemporaryFolder folder("trace-same");
  for (const char* name : {"a", "b"})
    test::write_sample((folder.path / name).string(), test::sample_records());
  CHECK(test::file_content(folder.path / "a") == test::file_content(folder.path / "b"));
}

// Catches a full disk that ends the run, or that nobody hears of.
TEST_CASE("a full disk is a problem that is told, once") {
  TraceWriter writer("/dev/full", {.level = RecordLevel::Full, .frequency_hz = 1});
  writer.append({.time = 1});
  writer.finish();
  CHECK(writer.problem() == "/dev/full: No space left on device");
}
