#include <algorithm>

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

std::vector<SummaryLevel> TraceReader::rebuilt() const {
  Pyramid pyramid;
  const auto& reasons = names(NameTable::ExitReason);
  for (size_t i = 0; i < chunks_.size(); ++i) {
    for (const Record& record : read(i)) {
      if (record.kind != trace_kind::kHeld) tell(pyramid, record, reasons, 0);
    }
  }
  for (const auto& [lane, info] : lanes_) pyramid.state(lane, end(), kStateEnded);
  return pyramid.levels();
}

const std::vector<SummaryLevel>& TraceReader::levels() const {
  if (!levels_.empty()) return levels_;
  if (!complete_) {
    levels_ = rebuilt();
    return levels_;
  }
  for (const BlockPlace& place : summaries_)
    levels_.push_back({.shift = place.header.detail, .entries = decode_entries(payload(place))});
  if (levels_.empty()) throw UserError(path_ + ": damaged: it has no summaries");
  return levels_;
}

// From the records of the blocks that touch the span, with the states they begin with.
SummaryLevel TraceReader::from_records(Picoseconds from, Picoseconds until, unsigned shift) const {
  const Picoseconds origin = from >> shift << shift;
  Pyramid pyramid = Pyramid::fixed(shift);
  const auto& reasons = names(NameTable::ExitReason);
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i].header.latest < origin || chunks_[i].header.earliest >= until) continue;
    for (const Record& record : read(i)) {
      if (record.time < until) tell(pyramid, record, reasons, origin);
    }
  }
  const Picoseconds last = std::min(until, end());
  if (last > origin) {
    for (const auto& [lane, info] : lanes_) pyramid.state(lane, last - origin, kStateEnded);
  }
  SummaryLevel level = std::move(pyramid.levels().front());
  level.first = origin >> shift;
  return level;
}

// A block says in its first records what earlier ones have left.
std::map<u16, Record> TraceReader::states_at(Picoseconds time) const {
  std::map<u16, Record> states;
  size_t first = 0;
  while (first + 1 < chunks_.size() && chunks_[first].header.latest < time) ++first;
  for (size_t i = first; i < chunks_.size(); ++i) {
    if (i != first && chunks_[i].header.earliest > time) continue;
    for (const Record& record : read(i)) {
      const bool tells =
          record.kind == trace_kind::kState || (record.kind == trace_kind::kHeld && i == first);
      if (tells && record.time <= time) states[record.lane] = record;
    }
  }
  return states;
}

SummaryLevel TraceReader::summary(Picoseconds from, Picoseconds until, u32 most) const {
  if (from >= until) return {};
  most = std::clamp(most, 1U, kMostColumns);
  unsigned shift = 0;
  while (((until - 1) >> shift) - (from >> shift) >= most) ++shift;
  const auto& all = levels();
  if (shift < all.front().shift) return from_records(from, until, shift);
  const auto fits = [&](const SummaryLevel& level) { return level.shift <= shift; };
  const auto base = std::find_if(all.rbegin(), all.rend(), fits);
  const u64 first = from >> shift, last = (until - 1) >> shift;
  SummaryLevel result{.shift = shift, .first = first, .entries = {}};
  std::vector<Entry> inside;
  for (const Entry& entry : base->entries) {
    const u64 bucket = entry.bucket >> (shift - base->shift);
    if (bucket >= first && bucket <= last) inside.push_back(entry);
  }
  result.entries = widened(inside, shift - base->shift);
  for (Entry& entry : result.entries) entry.bucket -= static_cast<u32>(first);
  return result;
}

}  // namespace hvlab::record
