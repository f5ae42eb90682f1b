// Reads a trace, whole or broken off, while it is being written or after. docs/trace-format.md.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/record/pyramid.hpp"
#include "sim/record/trace_tail.hpp"

namespace hvlab::record {

/// A lane by name and place.
struct LaneInfo {
  LaneType type = LaneType::Core;
  unsigned vm = 0;      // of a virtual processor: 1 ..; of a thread: its group, 0 if it is in none
  unsigned number = 0;  // of the processor, the virtual processor in its machine, or the device; a pid; an id
  std::string name;
};

/// One block of records.
struct Chunk {
  u64 offset = 0;  // in the file
  BlockHeader header;
};

class TraceReader {
 public:
  /// Opens file `path` and reads what is in it, but no records. Throws UserError if it cannot be read or is
  /// no trace. A trace that broke off is read up to its last whole block.
  explicit TraceReader(const std::string& path);
  /// Shows what `other` shows now, its tail included, however the file grows: for a thread of its own.
  /// Several threads may copy one at a time, as long as nobody reads with it. Throws UserError if it cannot
  /// be opened.
  TraceReader(const TraceReader& other);
  ~TraceReader();
  TraceReader(TraceReader&& other) noexcept;
  TraceReader& operator=(const TraceReader&) = delete;
  TraceReader& operator=(TraceReader&&) = delete;

  /// Of a trace that is not complete: reads what has been written since. True if there was something; then
  /// the tail is gone. Throws UserError if it is damaged.
  bool extend();

  /// Shows records that the file does not have yet as its last block, instead of those that were shown
  /// before. False if the file has more or fewer records than they go on from; then there are none.
  bool set_tail(TraceTail tail);

  /// False if the recording has not ended properly: still going on, or broken off.
  bool complete() const { return complete_; }
  /// Of a trace that is not complete: what stood where its next block should begin; empty if nothing.
  const std::string& problem() const { return problem_; }
  RecordLevel level() const { return header_.level; }
  u64 frequency_hz() const { return header_.frequency_hz; }

  const std::vector<Chunk>& chunks() const { return chunks_; }
  /// Records in all blocks, those of held states included.
  u64 records() const;
  /// The time of the earliest and the latest record; 0 if there is none.
  Picoseconds begin() const;
  Picoseconds end() const;

  /// By number. A lane that the file does not name is not among them.
  const std::map<u16, LaneInfo>& lanes() const { return lanes_; }

  /// The name that `table` gives `key`, or the number itself.
  std::string name(NameTable table, u64 key) const;
  const std::map<u64, NameEntry>& names(NameTable table) const;
  /// What state `state` of lane `lane` is called.
  std::string state_name(u16 lane, u64 state) const;

  /// The records of chunks()[index]; begins with the states held. Throws UserError if they are damaged, with
  /// file and offset.
  std::vector<Record> read(size_t index) const;

  /// The same, kept for the next time: the last kKeptBlocks that were asked for are in memory. Not for
  /// several threads at a time.
  std::shared_ptr<const std::vector<Record>> kept(size_t index) const;

  /// Calls take(record) for each record from `from` to before `until` in the file's order, held states left
  /// out. `take` returns false to end it.
  template <class Take>
  void each(Picoseconds from, Picoseconds until, Take take) const;

  /// The state record (or held state) that tells what each lane is at `time`. A lane of which nothing is
  /// known by then is not among them.
  std::map<u16, Record> states_at(Picoseconds time) const;

  /// The summaries, the finest first. If the file has none (it broke off), they are made from its records.
  /// Throws UserError if they are damaged.
  const std::vector<SummaryLevel>& levels() const;

  /// A summary of [from, until) in buckets of a power of two of picoseconds, the narrowest that need no more
  /// than `most` (1 .. 8192) of them; narrower than the file's finest level it is made from the records. The
  /// entries of the buckets that the span touches.
  SummaryLevel summary(Picoseconds from, Picoseconds until, u32 most) const;

  /// The same in buckets of 2^shift ps, of `lanes` (ascending) alone. Its cost is that of what it returns if
  /// it comes from the levels, else of the blocks of records that the span touches.
  SummaryLevel buckets(Picoseconds from, Picoseconds until, unsigned shift,
                       const std::vector<u16>& lanes) const;

  /// What `lanes` (ascending) did from `from` to before `until`, exactly, as entries of bucket 0. Events that
  /// are counted but not recorded (level `summary`) count if the finest bucket that they are in lies within.
  std::vector<Entry> sums(Picoseconds from, Picoseconds until, const std::vector<u16>& lanes) const;

  static constexpr size_t kKeptBlocks = 32;  // 20 MB of records

 private:
  void read_index();
  void scan(u64 offset);
  void drop_tail();
  void take_names(std::vector<NameEntry> list);
  void take_block(const BlockPlace& place);
  bool read_at(u64 offset, void* to, size_t bytes) const;
  std::vector<u8> payload(const BlockPlace& place) const;
  std::vector<SummaryLevel> rebuilt() const;
  void tell_block(Pyramid& pyramid, size_t index) const;
  SummaryLevel from_records(Picoseconds origin, Picoseconds until, unsigned shift,
                            const std::vector<u16>& lanes) const;
  SummaryLevel from_levels(Picoseconds from, Picoseconds until, unsigned shift,
                           const std::vector<u16>& lanes) const;
  std::string damage(u64 offset, const std::string& what) const;
  [[noreturn]] void damaged(u64 offset, const std::string& what) const;

  std::string path_;
  int file_ = -1;
  u64 size_ = 0;
  FileHeader header_;
  bool complete_ = false;
  std::string problem_;
  u64 scanned_ = 0;  // bytes, if it is not complete
  std::vector<Chunk> chunks_;
  std::optional<std::vector<Record>> tail_;  // of the last chunk, if that is not in the file
  std::vector<BlockPlace> summaries_;
  std::map<NameTable, std::map<u64, NameEntry>> names_;
  std::map<u16, LaneInfo> lanes_;
  mutable std::vector<SummaryLevel> levels_;
  mutable std::unique_ptr<Pyramid> told_;  // of a trace that is not complete: the summary of its ...
  mutable size_t told_blocks_ = 0;         // ... first blocks, all of them in the file
  mutable std::deque<std::pair<size_t, std::shared_ptr<const std::vector<Record>>>> kept_;  // latest first
};

template <class Take>
void TraceReader::each(Picoseconds from, Picoseconds until, Take take) const {
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i].header.latest < from || chunks_[i].header.earliest >= until) continue;
    for (const Record& record : read(i)) {
      if (record.kind == trace_kind::kHeld || record.time < from || record.time >= until) continue;
      if (!take(record)) return;
    }
  }
}

}  // namespace hvlab::record
