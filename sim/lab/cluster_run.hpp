// A cluster carried through its time, step by step.
#pragma once

#include <functional>
#include <memory>

#include "sim/cluster/hours.hpp"
#include "sim/cluster/simulation.hpp"
#include "sim/lab/cluster_plan.hpp"
#include "sim/lab/cluster_recorder.hpp"

namespace hvlab::lab {

struct ClusterRun {
  explicit ClusterRun(const cluster::Plan& plan);

  cluster::Simulation sim;
  cluster::Hours hours;
  bool whole = false;  // not stopped before its end
};

/// Carries the run to its end, or until `goes_on` says no; that is asked after each step, the time that has
/// passed given. The recorders see each step.
void carry(ClusterRun& run, const ClusterCase& about,
           const std::vector<std::unique_ptr<ClusterRecorder>>& recorders,
           const std::function<bool(cluster::Nanoseconds)>& goes_on);

}  // namespace hvlab::lab
