#include "sim/record/trace_writer.hpp"

#include <algorithm>

namespace hvlab::record {

TraceWriter::TraceWriter(const std::string& path, const FileHeader& header) : file_(path) {
  file_.write(encode_file_header(header));
  records_.reserve(kChunkRecords);
}

// A block can be understood alone: it begins with the states that hold.
void TraceWriter::start_block(const Record& record) {
  block_end_ = record.time > kNever - kChunkSpan ? kNever : record.time + kChunkSpan;
  for (const Record& held : held_) {
    if (held.kind == trace_kind::kHeld && held.a != kStateEnded) records_.push_back(held);
  }
}

void TraceWriter::hold(const Record& record) {
  if (record.lane >= held_.size()) held_.resize(size_t{record.lane} + 1);
  held_[record.lane] = record;
  held_[record.lane].kind = trace_kind::kHeld;
}

void TraceWriter::write_block(BlockHeader header, Bytes raw) {
  compress(raw, stored_);
  header.stored = static_cast<u32>(stored_.size());
  header.raw = static_cast<u32>(raw.size());
  header.payload_crc = crc32_of(stored_);
  places_.push_back({.offset = file_.size(), .header = header});
  file_.write(encode_block_header(header));
  file_.write(stored_);
}

void TraceWriter::write_names() {
  if (names_.empty()) return;
  raw_.clear();
  for (const NameEntry& entry : names_) encode_name(entry, raw_);
  write_block({.type = BlockType::Names, .count = static_cast<u32>(names_.size())}, raw_);
  names_.clear();
}

void TraceWriter::flush() {
  write_names();
  if (records_.empty()) return;
  const BlockHeader header = header_of(records_, written_);
  encode_records(records_, header.first, raw_);
  write_block(header, raw_);
  written_ += records_.size();
  records_.clear();
  block_end_ = kNever;
}

void TraceWriter::finish() {
  flush();
  for (const SummaryLevel& level : summary_.levels()) {
    encode_entries(level.entries, raw_);
    write_block({.type = BlockType::Summary,
                 .detail = static_cast<u16>(level.shift),
                 .count = static_cast<u32>(level.entries.size())},
                raw_);
  }
  const std::vector<u8> index = encode_index(places_);
  const u64 end = file_.size();
  write_block({.type = BlockType::End, .count = static_cast<u32>(places_.size()), .before = written_}, index);
  file_.write(encode_trailer(end));
  file_.finish();
}

}  // namespace hvlab::record
