// Adds up the means that a picture of a whole cluster run needs, as samples come, in bounded memory.
#pragma once

#include <array>
#include <vector>

#include "sim/record/cluster_trace.hpp"

namespace hvlab::record {

class OverviewBuilder {
 public:
  OverviewBuilder(size_t hosts, size_t stores);

  /// The host, or datastore, is so from `at` on. Of each one time does not go back.
  void host(u32 place, ClusterTime at, const HostSample& sample);
  void store(u32 place, ClusterTime at, const StoreSample& sample);

  /// The means up to `until`, not earlier than anything that was told.
  ClusterOverview finish(ClusterTime until);

 private:
  static constexpr size_t kNumbers = 5;
  using Numbers = std::array<u32, kNumbers>;
  struct Track {
    ClusterTime since = 0;
    Numbers now{};
    std::vector<std::array<double, kNumbers>> sums;  // number x ns, by span
  };

  void set(Track& track, ClusterTime at, const Numbers& now);
  void settle(Track& track, ClusterTime until);
  void widen();
  Numbers means(const Track& track, u32 span, ClusterTime until) const;

  std::vector<Track> hosts_, stores_;
  ClusterTime width_ = 1 << 20;  // about a millisecond; doubled as time goes on
  u32 most_spans_;
};

}  // namespace hvlab::record
