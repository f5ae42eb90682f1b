// A small trace of two blocks, for tests of readers.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sim/observe/event.hpp"
#include "sim/record/trace_writer.hpp"

namespace hvlab::test {

inline constexpr u8 kPortWrite = static_cast<u8>(observe::EventKind::PortWrite);

inline std::vector<record::Record> sample_records() {
  std::vector<record::Record> records;
  for (u64 i = 0; i < 60; ++i) {
    // The time goes back now and then, as with processors that take turns.
    records.push_back({.time = 1'000'000 + i * 5'000 - i % 3 * 9'000,
                       .a = i * 0x1234'5678'9ABC,
                       .b = ~i,
                       .rip = 0xFFFF'FFFF'8100'0000 + i,
                       .kind = i % 7 == 0 ? record::trace_kind::kState : kPortWrite,
                       .core = static_cast<u8>(i % 2),
                       .lane = static_cast<u16>(i % 4)});
    if (i % 7 == 0) records.back().a = i % 5;
  }
  return records;
}

/// Writes the records, a block's end after every `block` of them, with summaries.
inline void write_sample(const std::string& path, const std::vector<record::Record>& records,
                         size_t block = 20) {
  record::TraceWriter writer(path, {.level = record::RecordLevel::Full, .frequency_hz = 3'000'000'000});
  for (u16 lane = 0; lane < 4; ++lane) {
    writer.name({.table = record::NameTable::Lane,
                 .key = lane,
                 .value = lane_value(record::LaneType::Core, 0, lane),
                 .text = "core " + std::to_string(lane)});
  }
  for (size_t i = 0; i < records.size(); ++i) {
    const record::Record& record = records[i];
    if (i % block == block / 2) {
      writer.name({.table = record::NameTable::Mark, .key = i, .text = "mark " + std::to_string(i)});
    }
    writer.append(record);
    if (record.kind == record::trace_kind::kState)
      writer.summary().state(record.lane, record.time, record.a);
    else
      writer.summary().count(record.lane, record.time, record.kind);
    if (i % block == block - 1) writer.flush();
  }
  const auto last = std::ranges::max(records, {}, &record::Record::time);
  for (u16 lane = 0; lane < 4; ++lane) writer.summary().state(lane, last.time, record::kStateEnded);
  writer.finish();
}

inline std::vector<u8> file_content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace hvlab::test
