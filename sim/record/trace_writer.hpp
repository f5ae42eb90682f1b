// Writes a trace: records in blocks as they come, the summary at the end. docs/trace-format.md.
#pragma once

#include <vector>

#include "sim/record/output_file.hpp"
#include "sim/record/pyramid.hpp"
#include "sim/record/trace_codec.hpp"

namespace hvlab::record {

class TraceWriter {
 public:
  /// Begins file `path`. Whatever cannot be written is told by problem(); nothing throws.
  TraceWriter(const std::string& path, const FileHeader& header);

  /// Names something; in the file before the records that come after it.
  void name(NameEntry entry) { names_.push_back(std::move(entry)); }

  /// Appends a record to the file; the summary is told separately.
  void append(const Record& record) {
    if (records_.size() >= kChunkRecords || record.time > block_end_) flush();
    if (records_.empty()) start_block(record);
    records_.push_back(record);
    if (record.kind == trace_kind::kState) hold(record);
  }

  Pyramid& summary() { return summary_; }

  /// Puts what was appended into the file.
  void flush();

  /// Ends the file: summaries, index, trailer. Nothing may be appended after it.
  void finish();

  /// How many records are in the file, and what follows them there once a block is full: for whoever looks
  /// on.
  u64 written() const { return written_; }
  const std::vector<Record>& pending_records() const { return records_; }
  const std::vector<NameEntry>& pending_names() const { return names_; }

  /// What failed first, or empty.
  const std::string& problem() const { return file_.problem(); }

 private:
  void start_block(const Record& record);
  void hold(const Record& record);
  void write_names();
  void write_block(BlockHeader header, Bytes raw);

  OutputFile file_;
  Pyramid summary_;
  std::vector<NameEntry> names_;  // not yet in the file
  std::vector<Record> records_;   // not yet in the file
  std::vector<Record> held_;      // by lane: its state, as a block's first records tell it
  Picoseconds block_end_ = kNever;
  u64 written_ = 0;  // records in the file
  std::vector<BlockPlace> places_;
  std::vector<u8> raw_, stored_;
};

}  // namespace hvlab::record
