// How many took how long, in buckets that grow with the number: 32 to each doubling, so that a number read
// from it is at most 3.2 % too large.
#pragma once

#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::views {

class CostHistogram {
 public:
  static constexpr unsigned kPerOctave = 32;

  void add(u64 cost, u64 count = 1);
  void merge(const CostHistogram& other);
  u64 count() const { return count_; }

  /// The largest number of the bucket in which the cost is that `percent` of all do not exceed; 0 if it is
  /// empty.
  u64 percentile(unsigned percent) const;

  struct Bar {
    u64 from = 0, until = 0;  // costs
    u64 count = 0;
  };
  /// For a picture: `per_octave` (1, 2, 4, .. 32) bars to each doubling, from the first that is not empty to
  /// the last. Costs below 32 have one bar each.
  std::vector<Bar> bars(unsigned per_octave) const;

  /// The bucket of a cost, and the least cost of a bucket.
  static u32 bucket_of(u64 cost);
  static u64 least_of(u32 bucket);

 private:
  u32 first_ = 0;  // bucket that counts_[0] stands for
  std::vector<u64> counts_;
  u64 count_ = 0;
};

}  // namespace hvlab::views
