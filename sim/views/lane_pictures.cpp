#include "sim/views/lane_pictures.hpp"

#include <algorithm>
#include <bit>

#include "sim/observe/event.hpp"

namespace hvlab::views {

namespace {

using observe::EventKind;
using record::Entry;
using record::TraceReader;
namespace what = record::what;

constexpr unsigned kTileShift = 8;         // log2 of a tile's buckets
constexpr size_t kMostEntries = 4U << 20;  // that are kept: 64 MB
constexpr unsigned kWidest = 40;           // shift of the widest buckets that are asked for: about a second

constexpr Picoseconds kLatest = Picoseconds{1} << 62;  // that is shown: 53 days

constexpr u16 number(EventKind kind) { return static_cast<u16>(kind); }

// The widest buckets that are no wider than a column.
unsigned shift_of(const Columns& columns) {
  const auto width = static_cast<u64>(columns.until - columns.from) / std::max(columns.count, 1U);
  return std::min(kWidest, width == 0 ? 0U : static_cast<unsigned>(std::bit_width(width)) - 1);
}

u64 scaled(u64 value, u64 part, u64 whole) {
  return static_cast<u64>(static_cast<unsigned __int128>(value) * part / whole);
}

// Collects one row: buckets in, columns out.
class Row {
 public:
  // `borders`: where each column begins, and the last one ends.
  Row(const std::vector<PicosecondDelta>& borders, const TickChoice& ticks, unsigned shift)
      : borders_(borders), ticks_(ticks), width_(PicosecondDelta{1} << shift), columns_(borders.size() - 1) {
    picture_.exits.resize(columns_);
    picture_.others.resize(columns_);
  }

  // Another lane: its buckets come from the first on.
  void begin_lane() { column_ = 0; }

  // `begin`: where the entry's bucket begins, no earlier than that of the one before.
  void add(const Entry& entry, Picoseconds begin) {
    const auto first = static_cast<PicosecondDelta>(begin);
    if (first + width_ <= borders_.front() || first >= borders_.back()) return;
    while (borders_[column_ + 1] <= first) ++column_;
    if (entry.what >= what::kTime && entry.what < what::kExits)
      add_time(times_of(entry.what - what::kTime), entry.value, first);
    else
      count(entry, first);
  }

  RowPicture done(u32 lanes) {
    picture_.lanes = lanes;
    std::ranges::sort(times_, {}, &OfState::state);
    picture_.first.reserve(columns_ + 1);
    picture_.first.push_back(0);
    for (size_t column = 0; column < columns_; ++column) {
      for (const OfState& of : times_)
        if (of.times[column] != 0) picture_.times.push_back({of.state, of.times[column]});
      picture_.first.push_back(static_cast<u32>(picture_.times.size()));
    }
    return std::move(picture_);
  }

 private:
  struct OfState {
    u64 state;
    std::vector<Picoseconds> times;  // by column
  };

  std::vector<Picoseconds>& times_of(u64 state) {
    for (OfState& of : times_)
      if (of.state == state) return of.times;
    return times_.emplace_back(OfState{state, std::vector<Picoseconds>(columns_)}).times;
  }

  // A bucket on a column's border goes to both sides by its parts; what falls out of the span is left out.
  void add_time(std::vector<Picoseconds>& times, u64 time, PicosecondDelta begin) {
    const PicosecondDelta end = begin + width_, from = borders_.front();
    u64 told = begin < from ? scaled(time, static_cast<u64>(from - begin), static_cast<u64>(width_)) : 0;
    for (size_t column = column_; column < columns_ && borders_[column] < end; ++column) {
      const PicosecondDelta next = borders_[column + 1];
      const u64 until =
          next >= end ? time : scaled(time, static_cast<u64>(next - begin), static_cast<u64>(width_));
      times[column] += until - told;
      told = until;
    }
  }

  void count(const Entry& entry, PicosecondDelta begin) {
    const PicosecondDelta middle = begin + width_ / 2;
    if (middle < borders_.front() || middle >= borders_.back()) return;
    const size_t column = middle < borders_[column_ + 1] ? column_ : column_ + 1;
    const auto add = [&](u32& to) { to = static_cast<u32>(std::min<u64>(to + entry.value, ~u32{0})); };
    if (entry.what >= what::kExits) {
      if (ticks_.reasons.contains(static_cast<u16>(entry.what - what::kExits))) add(picture_.exits[column]);
    } else if (ticks_.takes_kind(entry.what)) {
      if (entry.what != number(EventKind::VmExit))
        add(picture_.others[column]);
      else if (ticks_.reasons.empty())
        add(picture_.exits[column]);
    }
  }

  const std::vector<PicosecondDelta>& borders_;
  const TickChoice& ticks_;
  PicosecondDelta width_;  // of a bucket: no more than of a column
  size_t columns_, column_ = 0;
  std::vector<OfState> times_;
  RowPicture picture_;
};

}  // namespace

PicosecondDelta Columns::begin(u32 n) const {
  return from + static_cast<PicosecondDelta>(scaled(static_cast<u64>(until - from), n, std::max(count, 1U)));
}

// The last column that begins no later.
u32 Columns::at(PicosecondDelta time) const {
  const auto into = static_cast<u64>(time - from);
  auto column = static_cast<u32>(scaled(into, count, static_cast<u64>(until - from)));
  while (column + 1 < count && begin(column + 1) <= time) ++column;
  return std::min(column, count - 1);
}

bool TickChoice::takes_kind(u16 kind) const {
  if (!kinds.empty()) return kinds.contains(kind);
  if (!reasons.empty()) return kind == number(EventKind::VmExit);
  return kind != number(EventKind::VmEntry) && kind != number(EventKind::VmExitDetail) &&
         kind != number(EventKind::MarkDetail);
}

void LanePictures::make_tile(const TraceReader& trace, unsigned shift, u64 tile,
                             const std::vector<u16>& lanes) {
  const unsigned tile_shift = shift + kTileShift;
  const Picoseconds begin = tile << tile_shift;
  record::SummaryLevel level = trace.buckets(begin, begin + (Picoseconds{1} << tile_shift), shift, lanes);
  for (const u16 lane : lanes) tiles_[{shift, tile, lane}].used = round_;
  for (auto at = level.entries.begin(); at != level.entries.end();) {
    const auto end =
        std::find_if(at, level.entries.end(), [&](const Entry& entry) { return entry.lane != at->lane; });
    tiles_[{shift, tile, at->lane}].entries.assign(at, end);
    at = end;
  }
  entries_ += level.entries.size();
  made_ += lanes.size();
}

void LanePictures::provide(const TraceReader& trace, unsigned shift, u64 first, u64 last,
                           const std::vector<u16>& lanes) {
  for (u64 tile = first; tile <= last; ++tile) {
    std::vector<u16> missing;
    for (const u16 lane : lanes) {
      const auto found = tiles_.find({shift, tile, lane});
      if (found == tiles_.end())
        missing.push_back(lane);
      else
        found->second.used = round_;
    }
    if (!missing.empty()) make_tile(trace, shift, tile, missing);
  }
}

// What was not looked at this time, once there is too much.
void LanePictures::forget() {
  if (entries_ <= kMostEntries) return;
  std::erase_if(tiles_, [&](const auto& item) {
    if (item.second.used == round_) return false;
    entries_ -= item.second.entries.size();
    return true;
  });
}

std::vector<RowPicture> LanePictures::make(const OpenRun& run, const std::vector<LaneRow>& rows,
                                           const Columns& columns, const TickChoice& ticks) {
  const TraceReader& trace = *run.trace();
  ++round_;
  if (generation_ != run.generation()) {
    tiles_.clear();
    entries_ = 0;
    generation_ = run.generation();
  }
  const unsigned shift = shift_of(columns);
  const auto begin = static_cast<Picoseconds>(std::max<PicosecondDelta>(columns.from, 0));
  const auto end = static_cast<Picoseconds>(std::clamp<PicosecondDelta>(
      columns.until, 0, static_cast<PicosecondDelta>(std::min(trace.end(), kLatest)) + 1));
  const u64 first = begin >> (shift + kTileShift), last = end == 0 ? 0 : (end - 1) >> (shift + kTileShift);
  std::set<u16> lanes;
  for (const LaneRow& row : rows) lanes.insert(row.lanes.begin(), row.lanes.end());
  const bool nothing = begin >= end;
  if (!nothing) provide(trace, shift, first, last, {lanes.begin(), lanes.end()});
  std::vector<PicosecondDelta> borders(columns.count + 1);
  for (u32 n = 0; n <= columns.count; ++n) borders[n] = columns.begin(n);
  std::vector<RowPicture> pictures;
  pictures.reserve(rows.size());
  for (const LaneRow& row : rows) {
    Row picture(borders, ticks, shift);
    for (const u16 lane : row.lanes) {
      picture.begin_lane();
      for (u64 tile = first; tile <= last && !nothing; ++tile) {
        for (const Entry& entry : tiles_[{shift, tile, lane}].entries)
          picture.add(entry, ((tile << kTileShift) + entry.bucket) << shift);
      }
    }
    pictures.push_back(picture.done(static_cast<u32>(row.lanes.size())));
  }
  forget();
  return pictures;
}

}  // namespace hvlab::views
