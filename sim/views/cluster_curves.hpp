// What hosts and datastores did over a span, in columns of equal width.
#pragma once

#include <vector>

#include "sim/record/cluster_reader.hpp"

namespace hvlab::views {

/// Means of each column: [host * columns + column].
struct ClusterCurves {
  record::ClusterTime from = 0, until = 0;
  u32 columns = 0;
  std::vector<float> wanted, used, memory, power;  // of a host: shares of its processors and memory; watts
  std::vector<float> busy, response;               // of a datastore: a share; milliseconds
  // Of all hosts together, by column: shares of those that are on, and watts.
  std::vector<float> all_wanted, all_used, all_memory, all_power, hosts_on;
};

/// Whose curves are made.
enum class CurvesOf : u8 { Each, All };  // each host and datastore besides all together, or these alone

/// From the overview, or from the states themselves where a column is narrower than its spans and at most
/// `most_blocks` blocks have to be read for it.
ClusterCurves cluster_curves(record::ClusterReader& reader, record::ClusterTime from,
                             record::ClusterTime until, u32 columns, size_t most_blocks = 4,
                             CurvesOf of = CurvesOf::Each);

}  // namespace hvlab::views
