// Who watches a cluster's run as it goes on, and leaves files of its run directory.
#pragma once

#include <memory>
#include <vector>

#include "sim/cluster/plan.hpp"
#include "sim/record/run_writer.hpp"

namespace hvlab::lab {

class ClusterRecorder {
 public:
  virtual ~ClusterRecorder() = default;
  /// Machines are started; no time has passed.
  virtual void begin(const cluster::Plan& plan, const cluster::Simulation& sim) = 0;
  /// Another load step was carried; everything until now is settled. The log has what happened since.
  virtual void step(const cluster::Simulation& sim) = 0;
  /// The run is over, whole or stopped.
  virtual void end(const cluster::Simulation& sim) = 0;
};

/// All that a run has, in the order in which they are told.
std::vector<std::unique_ptr<ClusterRecorder>> cluster_recorders(record::RunWriter& run);

}  // namespace hvlab::lab
