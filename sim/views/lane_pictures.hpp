// What rows of a timeline look like: for each column of pixels how long which state held, and how much
// happened. From the trace's summaries, so that it costs what it shows, and not what the run recorded.
#pragma once

#include <array>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "sim/views/lane_rows.hpp"
#include "sim/views/run_set.hpp"

namespace hvlab::views {

/// A span of a run's own time in columns. What lies before the run's beginning is empty.
struct Columns {
  PicosecondDelta from = 0, until = 0;
  u32 count = 0;

  bool operator==(const Columns&) const = default;
  /// Where column `n` (0 .. count) begins.
  PicosecondDelta begin(u32 n) const;
  /// The column of a time within the span.
  u32 at(PicosecondDelta time) const;
};

/// The narrowest span that can be shown in so many columns: a picosecond each.
inline PicosecondDelta narrowest(u32 columns) { return static_cast<PicosecondDelta>(columns); }

struct StateTime {
  u64 state = 0;
  Picoseconds time = 0;
};

struct RowPicture {
  /// Of column c: times[first[c]] to before times[first[c + 1]], ascending by state. A heading's times are
  /// the sum of its lanes'.
  std::vector<u32> first;
  std::vector<StateTime> times;
  std::vector<u32> exits, others;  // by column: exits; all other events chosen
  u32 lanes = 1;                   // that are summed up
};

/// Which events show as ticks.
struct TickChoice {
  std::set<u16> kinds;    // empty: all but the entries into and details of exits
  std::set<u16> reasons;  // numbers of exits' reasons (NameTable::ExitReason's values); empty: all

  bool operator==(const TickChoice&) const = default;
  bool takes_kind(u16 kind) const;
};

/// Pictures of one run's rows. Keeps what it made, by tiles of 256 buckets, until the run grows: panning
/// makes a tile now and then.
class LanePictures {
 public:
  /// `columns.until - columns.from` is at least columns.count. Throws UserError if the trace is damaged
  /// there.
  std::vector<RowPicture> make(const OpenRun& run, const std::vector<LaneRow>& rows, const Columns& columns,
                               const TickChoice& ticks = {});

  /// Tiles that were made, of all time: for tests and benchmarks.
  u64 tiles_made() const { return made_; }

 private:
  struct Tile {
    std::vector<record::Entry> entries;  // of one lane; buckets count from the tile's beginning
    u64 used = 0;
  };
  using Key = std::tuple<unsigned, u64, u16>;  // shift, number, lane

  void provide(const record::TraceReader& trace, unsigned shift, u64 first, u64 last,
               const std::vector<u16>& lanes);
  void make_tile(const record::TraceReader& trace, unsigned shift, u64 number, const std::vector<u16>& lanes);
  void forget();

  std::map<Key, Tile> tiles_;
  size_t entries_ = 0;
  unsigned generation_ = 0;
  u64 round_ = 0, made_ = 0;
};

}  // namespace hvlab::views
