// What hosts and datastores did over a span, in columns of equal width.
#pragma once

#include <vector>

#include "sim/record/cluster_reader.hpp"

namespace hvlab::views {

/// Means of each column: [host * columns + column]. Of all hosts together: cluster_totals.hpp.
struct ClusterCurves {
  record::ClusterTime from = 0, until = 0;
  u32 columns = 0;
  std::vector<float> wanted, memory, power;  // of a host: shares of its processors and memory; watts
  std::vector<float> busy;                   // of a datastore: a share
};

/// From the overview, or from the states themselves where a column is narrower than its spans and at most
/// `most_blocks` blocks have to be read for it.
ClusterCurves cluster_curves(record::ClusterReader& reader, record::ClusterTime from,
                             record::ClusterTime until, u32 columns, size_t most_blocks = 4);

}  // namespace hvlab::views
