#include <algorithm>
#include <utility>

#include "sim/base/user_error.hpp"
#include "sim/observe/event.hpp"
#include "sim/record/trace_reader.hpp"

namespace hvlab::record {

namespace {

constexpr u32 kMostColumns = 8192;

// What a record says, told to a summary whose time counts from `origin`.
void tell(Pyramid& pyramid, const Record& record, const std::map<u64, NameEntry>& reasons,
          Picoseconds origin) {
  const Picoseconds time = record.time - std::min(record.time, origin);
  if (record.kind == trace_kind::kState || record.kind == trace_kind::kHeld)
    return pyramid.state(record.lane, time, record.a);
  if (record.time < origin) return;
  pyramid.count(record.lane, time, static_cast<u16>(what::kEvents + record.kind));
  if (record.kind != static_cast<u8>(observe::EventKind::VmExit)) return;
  const auto found = reasons.find(record.a);
  if (found == reasons.end()) return;
  const u64 number = std::min<u64>(found->second.value, what::kReasons - 1);
  pyramid.count(record.lane, time, static_cast<u16>(what::kExits + number));
}

}  // namespace

void TraceReader::tell_block(Pyramid& pyramid, size_t index) const {
  const auto& reasons = names(NameTable::ExitReason);
  for (const Record& record : read(index)) {
    if (record.kind != trace_kind::kHeld) tell(pyramid, record, reasons, 0);
  }
}

// A trace that grows is told on from where it was when this was last called.
std::vector<SummaryLevel> TraceReader::rebuilt() const {
  if (!told_) told_ = std::make_unique<Pyramid>();
  const size_t in_file = chunks_.size() - (tail_ ? 1 : 0);
  for (; told_blocks_ < in_file; ++told_blocks_) tell_block(*told_, told_blocks_);
  Pyramid pyramid = *told_;
  if (tail_) tell_block(pyramid, in_file);
  for (const auto& [lane, info] : lanes_) pyramid.state(lane, end(), kStateEnded);
  return pyramid.levels();
}

const std::vector<SummaryLevel>& TraceReader::levels() const {
  if (!levels_.empty()) return levels_;
  if (!complete_) {
    levels_ = rebuilt();
    return levels_;
  }
  std::vector<SummaryLevel> all;
  for (const BlockPlace& place : summaries_) {
    const bool wide = place.header.detail > Pyramid::kWidest;
    all.push_back({.shift = place.header.detail, .entries = decode_entries(payload(place))});
    const auto beyond = [](const Entry& entry) { return entry.bucket >= Pyramid::kMostBuckets; };
    if (wide || std::ranges::any_of(all.back().entries, beyond))
      damaged(place.offset, "the summary has more buckets, or wider ones, than there can be");
  }
  levels_ = std::move(all);
  if (levels_.empty()) throw UserError(path_ + ": damaged: it has no summaries");
  return levels_;
}

// From the records of the blocks that touch the span. What holds when it begins is said by the first block
// that ends after that, even if nothing in it happens within the span.
SummaryLevel TraceReader::from_records(Picoseconds origin, Picoseconds until, unsigned shift,
                                       const std::vector<u16>& lanes) const {
  const Picoseconds last = std::min(until, end());
  Pyramid pyramid = Pyramid::fixed(shift);
  const auto& reasons = names(NameTable::ExitReason);
  std::vector<bool> wanted(kMostLanes);
  for (const u16 lane : lanes) wanted[lane] = true;
  bool first = true;
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i].header.latest < origin || (!first && chunks_[i].header.earliest >= until)) continue;
    first = false;
    for (const Record& record : *kept(i)) {
      if (record.time < until && wanted[record.lane]) tell(pyramid, record, reasons, origin);
    }
  }
  for (const u16 lane : lanes)
    if (last > origin) pyramid.state(lane, last - origin, kStateEnded);
  return std::move(pyramid.levels().front());
}

// A block says in its first records what earlier ones have left.
std::map<u16, Record> TraceReader::states_at(Picoseconds time) const {
  std::map<u16, Record> states;
  size_t first = 0;
  while (first + 1 < chunks_.size() && chunks_[first].header.latest < time) ++first;
  for (size_t i = first; i < chunks_.size(); ++i) {
    if (i != first && chunks_[i].header.earliest > time) continue;
    for (const Record& record : *kept(i)) {
      const bool tells =
          record.kind == trace_kind::kState || (record.kind == trace_kind::kHeld && i == first);
      if (tells && record.time <= time) states[record.lane] = record;
    }
  }
  return states;
}

// From the coarsest level that is fine enough. Its entries are in order of lane and bucket.
SummaryLevel TraceReader::from_levels(Picoseconds from, Picoseconds until, unsigned shift,
                                      const std::vector<u16>& lanes) const {
  const auto& all = levels();
  const auto fits = [&](const SummaryLevel& level) { return level.shift <= shift; };
  const auto base = std::find_if(all.rbegin(), all.rend(), fits);
  const unsigned by = shift - base->shift;
  const u64 first = from >> shift, last = (until - 1) >> shift;
  const auto less = [](const Entry& entry, const std::pair<u16, u64>& place) {
    return std::pair<u16, u64>(entry.lane, entry.bucket) < place;
  };
  std::vector<Entry> inside;
  for (const u16 lane : lanes) {
    auto entry = std::lower_bound(base->entries.begin(), base->entries.end(),
                                  std::pair<u16, u64>(lane, first << by), less);
    for (; entry != base->entries.end() && entry->lane == lane && u64{entry->bucket} >> by <= last; ++entry)
      inside.push_back(*entry);
  }
  SummaryLevel result{.shift = shift, .first = first, .entries = widened(inside, by)};
  for (Entry& entry : result.entries) entry.bucket -= static_cast<u32>(first);
  return result;
}

SummaryLevel TraceReader::buckets(Picoseconds from, Picoseconds until, unsigned shift,
                                  const std::vector<u16>& lanes) const {
  if (from >= until) return {};
  if (shift >= levels().front().shift) return from_levels(from, until, shift, lanes);
  SummaryLevel level = from_records(from >> shift << shift, until, shift, lanes);
  level.first = from >> shift;
  return level;
}

// Whole buckets of the finest level, and before and behind them records.
std::vector<Entry> TraceReader::sums(Picoseconds from, Picoseconds until,
                                     const std::vector<u16>& lanes) const {
  until = std::min(until, end() + 1);
  if (from >= until) return {};
  constexpr unsigned kAll = 62;
  const unsigned shift = levels().front().shift;
  const Picoseconds begin = (from + (Picoseconds{1} << shift) - 1) >> shift << shift;
  const Picoseconds border = until >> shift << shift;
  if (begin >= border) return from_records(from, until, kAll, lanes).entries;
  std::vector<Entry> all;
  const auto take = [&](std::vector<Entry> entries) {
    for (Entry& entry : entries) entry.bucket = 0;
    all.insert(all.end(), entries.begin(), entries.end());
  };
  if (from < begin) take(from_records(from, begin, kAll, lanes).entries);
  take(from_levels(begin, border, shift, lanes).entries);
  if (border < until) take(from_records(border, until, kAll, lanes).entries);
  std::ranges::stable_sort(all, {}, &Entry::lane);
  return widened(all, 0);
}

SummaryLevel TraceReader::summary(Picoseconds from, Picoseconds until, u32 most) const {
  if (from >= until) return {};
  most = std::clamp(most, 1U, kMostColumns);
  unsigned shift = 0;
  while (((until - 1) >> shift) - (from >> shift) >= most) ++shift;
  std::vector<u16> lanes;
  lanes.reserve(lanes_.size());
  for (const auto& [lane, info] : lanes_) lanes.push_back(lane);
  return buckets(from, until, shift, lanes);
}

}  // namespace hvlab::record
