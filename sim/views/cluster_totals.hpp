// What all hosts of a cluster together did over a span, in columns of equal width.
#pragma once

#include <vector>

#include "sim/record/cluster_reader.hpp"

namespace hvlab::views {

/// Means of each column.
struct TotalCurves {
  record::ClusterTime from = 0, until = 0;
  u32 columns = 0;
  std::vector<float> wanted, memory;  // shares of what hosts that are on have
  std::vector<float> power;           // watts
};

/// Sums over all hosts are kept, so that curves of another span cost their columns, whatever the number of
/// hosts. Of one reader, and of what it has read.
class ClusterTotals {
 public:
  /// From the overview, or from the states themselves where a column is narrower than its spans and at most
  /// `most_blocks` blocks have to be read for it.
  TotalCurves curves(record::ClusterReader& reader, record::ClusterTime from, record::ClusterTime until,
                     u32 columns, size_t most_blocks = 4);

 private:
  struct Sum {
    record::ClusterTime since = 0;  // until the next one's
    double wanted = 0, mhz = 0;     // mhz, mib: of hosts that are on
    double committed = 0, mib = 0;
    double power = 0;  // watts
  };
  void take_overview(const record::ClusterReader& reader);
  void take_states(record::ClusterReader& reader, record::ClusterTime from, record::ClusterTime until);

  std::vector<Sum> spans_;  // of the overview
  // The states of [taken_from_, taken_until_), by what changes.
  record::ClusterTime taken_from_ = 0, taken_until_ = 0;
  std::vector<Sum> changes_;
};

}  // namespace hvlab::views
