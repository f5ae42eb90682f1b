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
  /// Machines are started; no time has passed. The run is to last `length`.
  virtual void begin(const cluster::Plan& plan, const cluster::Simulation& sim,
                     cluster::Nanoseconds length) = 0;
  /// An event has just happened.
  virtual void after(const cluster::Simulation&, const cluster::Event&) {}
  /// Another load step was carried; everything until now is settled. The log has what happened since.
  virtual void step(const cluster::Simulation&) {}
  /// The run is over, whole or stopped.
  virtual void end(const cluster::Simulation& sim) = 0;
};

/// All that a run has, in the order in which they are told.
std::vector<std::unique_ptr<ClusterRecorder>> cluster_recorders(record::RunWriter& run);

}  // namespace hvlab::lab
