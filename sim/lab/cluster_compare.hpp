// Runs of clusters side by side, and one by itself: what `hvlab compare` and `hvlab stat` print of them.
#pragma once

#include <vector>

#include "sim/record/run_reader.hpp"

namespace hvlab::lab {

/// Whether these are runs of clusters, none of machines; cells stand for their run. Throws UserError if some
/// are the one and some the other, in one line that says which.
bool all_clusters(const std::vector<record::RunReader>& runs);

/// Prints the metrics that differ (`all`: of each host, group and datastore too), and where the logs part; as
/// text of at most `width` characters or as JSON. Whether the runs are equal.
bool compare_clusters(const std::vector<record::RunReader>& runs, bool all, bool as_json, size_t width);

/// Prints every metric of a run's cells side by side; as JSON what each cell's stats.json has.
void print_cluster_cells(const std::vector<record::RunReader>& cells, bool as_json, size_t width);

/// Prints every metric of a run, and the figures that it rests on.
void print_cluster_statistics(const record::RunReader& run, bool as_json, size_t width);

}  // namespace hvlab::lab
