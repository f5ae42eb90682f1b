// The summary of a trace: per lane and span of time, how often what happened and how long which state held,
// in several widths. Built as records come, in bounded memory.
#pragma once

#include <vector>

#include "sim/record/trace_format.hpp"

namespace hvlab::record {

/// One number of a summary.
struct Entry {
  u32 bucket = 0;  // a span of time, see SummaryLevel
  u16 lane = 0;
  u16 what = 0;   // see namespace what
  u64 value = 0;  // never 0

  bool operator==(const Entry&) const = default;
};

/// A summary in one width. Sorted by lane, then bucket, then what; none twice.
struct SummaryLevel {
  unsigned shift = 0;  // a bucket is 2^shift ps
  u64 first = 0;       // the span of bucket 0 begins at first << shift
  std::vector<Entry> entries;
};

class Pyramid {
 public:
  /// The finest summary starts with buckets of 2^shift ps and has at most `buckets` of them: when time goes
  /// beyond, their width doubles.
  explicit Pyramid(unsigned shift = kFinestShift, u32 buckets = kMostBuckets)
      : shift_(shift), most_buckets_(buckets) {}

  /// One whose finest buckets stay 2^shift ps wide; the caller sees to it that they are few.
  static Pyramid fixed(unsigned shift) {
    Pyramid pyramid(shift, ~u32{0});
    pyramid.most_entries_ = ~size_t{0};
    return pyramid;
  }

  /// Adds `amount` to `what` of `lane` at `time`. Within a lane time does not go back: what comes earlier
  /// than the latest counts as then.
  void count(u16 lane, Picoseconds time, u16 what, u64 amount = 1);

  /// The lane's state is `state` from `time` on, until it is told otherwise; kStateEnded: none.
  void state(u16 lane, Picoseconds time, u64 state);

  unsigned shift() const { return shift_; }

  /// All levels, the finest first, each next one four times as wide, down to some 100 buckets. The open
  /// states count up to what was last told of their lane.
  std::vector<SummaryLevel> levels();

  static constexpr unsigned kFinestShift = 20;      // about a microsecond
  static constexpr u32 kMostBuckets = 1U << 15;     // of the finest level
  static constexpr unsigned kWidest = 62;           // as a shift: holds all of time
  static constexpr size_t kMostEntries = 4U << 20;  // of the finest level

 private:
  struct Lane {
    Picoseconds now = 0;       // latest time it was told of
    u64 state = kStateEnded;   // since `now`
    u32 bucket = 0;            // of the numbers in `open`
    std::vector<u64> open;     // by what
    std::vector<u16> touched;  // those of `open` that are not 0
    std::vector<Entry> done;
  };

  Lane& lane_at(u16 lane);
  void advance(Lane& lane, Picoseconds time);
  void go_to(Lane& lane, Picoseconds time);
  void add(Lane& lane, u16 what, u64 amount);
  void close(Lane& lane);
  void widen();

  unsigned shift_;
  u32 most_buckets_;
  size_t most_entries_ = kMostEntries;
  size_t entries_ = 0;
  std::vector<Lane> lanes_;
};

/// `entries`, sorted by lane and bucket, in buckets 2^by times as wide.
std::vector<Entry> widened(const std::vector<Entry>& entries, unsigned by);

}  // namespace hvlab::record
