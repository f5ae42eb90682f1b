#include "sim/record/pyramid.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace hvlab::record {

namespace {

constexpr unsigned kLevelStep = 2;  // each level is 2^2 times as wide as the one before
constexpr u32 kFewBuckets = 128;    // no coarser level than this is needed

// Sorts [begin, end), all of one lane and bucket, and adds up what is there twice.
void settle(std::vector<Entry>& entries, size_t begin) {
  const auto first = entries.begin() + static_cast<std::ptrdiff_t>(begin);
  std::sort(first, entries.end(), [](const Entry& a, const Entry& b) { return a.what < b.what; });
  auto last = first;
  for (auto at = first; at != entries.end(); ++at) {
    if (at != first && at->what == last->what) {
      last->value += at->value;
    } else {
      if (at != first) ++last;
      *last = *at;
    }
  }
  if (first != entries.end()) entries.erase(last + 1, entries.end());
}

}  // namespace

std::vector<Entry> widened(const std::vector<Entry>& entries, unsigned by) {
  std::vector<Entry> wide;
  size_t begin = 0;  // of the bucket in progress
  for (Entry entry : entries) {
    entry.bucket = static_cast<u32>(u64{entry.bucket} >> by);
    if (begin < wide.size() &&
        std::tie(entry.lane, entry.bucket) != std::tie(wide[begin].lane, wide[begin].bucket)) {
      settle(wide, begin);
      begin = wide.size();
    }
    wide.push_back(entry);
  }
  settle(wide, begin);
  return wide;
}

Pyramid::Lane& Pyramid::lane_at(u16 lane) {
  if (lane >= lanes_.size()) lanes_.resize(size_t{lane} + 1);
  return lanes_[lane];
}

void Pyramid::add(Lane& lane, u16 what, u64 amount) {
  if (what >= lane.open.size()) lane.open.resize(size_t{what} + 1);
  if (lane.open[what] == 0 && amount != 0) lane.touched.push_back(what);
  lane.open[what] += amount;
}

void Pyramid::close(Lane& lane) {
  const u16 number = static_cast<u16>(&lane - lanes_.data());
  std::sort(lane.touched.begin(), lane.touched.end());
  for (const u16 what : lane.touched) {
    lane.done.push_back({.bucket = lane.bucket, .lane = number, .what = what, .value = lane.open[what]});
    lane.open[what] = 0;
  }
  entries_ += lane.touched.size();
  lane.touched.clear();
}

void Pyramid::widen() {
  entries_ = 0;
  for (Lane& lane : lanes_) {
    close(lane);
    lane.bucket >>= 1;
    lane.done = widened(lane.done, 1);
  }
  ++shift_;
  entries_ = 0;
  for (const Lane& lane : lanes_) entries_ += lane.done.size();
}

// Makes the bucket of `time` the lane's open one.
void Pyramid::go_to(Lane& lane, Picoseconds time) {
  if (time >> shift_ == lane.bucket) return;
  while ((time >> shift_ >= most_buckets_ || entries_ > most_entries_) && shift_ < kWidest) widen();
  if (const u32 bucket = static_cast<u32>(time >> shift_); bucket != lane.bucket) {
    close(lane);
    lane.bucket = bucket;
  }
}

// Charges the lane's state up to `time`.
void Pyramid::advance(Lane& lane, Picoseconds time) {
  while (lane.now < time && lane.state != kStateEnded) {
    go_to(lane, lane.now);
    const Picoseconds border = (u64{lane.bucket} + 1) << shift_;  // 0: the end of all time
    const Picoseconds until = border == 0 ? time : std::min(time, border);
    add(lane, static_cast<u16>(what::kTime + lane.state), until - lane.now);
    lane.now = until;
  }
  lane.now = std::max(lane.now, time);
  go_to(lane, lane.now);
}

void Pyramid::count(u16 lane, Picoseconds time, u16 what, u64 amount) {
  Lane& there = lane_at(lane);
  advance(there, time);
  add(there, what, amount);
}

void Pyramid::state(u16 lane, Picoseconds time, u64 state) {
  Lane& there = lane_at(lane);
  advance(there, time);
  there.state = std::min(state, kStateEnded);
}

std::vector<SummaryLevel> Pyramid::levels() {
  std::vector<SummaryLevel> levels(1);
  levels[0].shift = shift_;
  u32 last = 0;
  for (Lane& lane : lanes_) {
    close(lane);
    const std::vector<Entry> entries = widened(lane.done, 0);
    levels[0].entries.insert(levels[0].entries.end(), entries.begin(), entries.end());
    last = std::max(last, lane.bucket);
  }
  for (; last >= kFewBuckets; last >>= kLevelStep) {
    levels.push_back(
        {.shift = levels.back().shift + kLevelStep, .entries = widened(levels.back().entries, kLevelStep)});
  }
  return levels;
}

}  // namespace hvlab::record
