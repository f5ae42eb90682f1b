#include "sim/views/cost_histogram.hpp"

#include <algorithm>
#include <bit>

namespace hvlab::views {

namespace {
constexpr unsigned kBits = 5;  // log2 of kPerOctave
static_assert(1U << kBits == CostHistogram::kPerOctave);
}  // namespace

u32 CostHistogram::bucket_of(u64 cost) {
  if (cost < kPerOctave) return static_cast<u32>(cost);
  const auto shift = static_cast<u32>(std::bit_width(cost)) - kBits - 1;
  return (shift + 1) * kPerOctave + static_cast<u32>((cost >> shift) - kPerOctave);
}

u64 CostHistogram::least_of(u32 bucket) {
  if (bucket < kPerOctave) return bucket;
  const u32 shift = bucket / kPerOctave - 1;
  return shift > 63 - kBits ? ~u64{0} : u64{bucket % kPerOctave + kPerOctave} << shift;
}

void CostHistogram::add(u64 cost, u64 count) {
  const u32 bucket = bucket_of(cost);
  if (counts_.empty()) first_ = bucket;
  if (bucket < first_) {
    counts_.insert(counts_.begin(), first_ - bucket, 0);
    first_ = bucket;
  }
  if (bucket - first_ >= counts_.size()) counts_.resize(bucket - first_ + 1);
  counts_[bucket - first_] += count;
  count_ += count;
}

void CostHistogram::merge(const CostHistogram& other) {
  for (size_t i = 0; i < other.counts_.size(); ++i)
    if (other.counts_[i] != 0) add(least_of(other.first_ + static_cast<u32>(i)), other.counts_[i]);
}

u64 CostHistogram::percentile(unsigned percent) const {
  const u64 rank = std::max<u64>(1, (count_ * percent + 99) / 100);
  u64 passed = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    passed += counts_[i];
    if (passed >= rank) return least_of(first_ + static_cast<u32>(i) + 1) - 1;
  }
  return 0;
}

std::vector<CostHistogram::Bar> CostHistogram::bars(unsigned per_octave) const {
  const u32 width = kPerOctave / std::clamp(per_octave, 1U, kPerOctave);
  const auto start = [&](u32 bucket) { return bucket < kPerOctave ? bucket : bucket / width * width; };
  std::vector<Bar> list;
  for (u32 bucket = first_; bucket < first_ + counts_.size(); ++bucket) {
    const u32 begin = start(bucket), end = begin + (bucket < kPerOctave ? 1 : width);
    if (list.empty() || list.back().from != least_of(begin))
      list.push_back({.from = least_of(begin), .until = least_of(end), .count = 0});
    list.back().count += counts_[bucket - first_];
  }
  return list;
}

}  // namespace hvlab::views
