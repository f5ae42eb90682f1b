#include "sim/lab/cluster_run.hpp"

#include <algorithm>

namespace hvlab::lab {

namespace {

std::vector<u32> group_sizes(const cluster::Plan& plan) {
  std::vector<u32> sizes;
  for (const cluster::MachinePlan& group : plan.machines) sizes.push_back(group.count);
  return sizes;
}

}  // namespace

ClusterRun::ClusterRun(const cluster::Plan& plan)
    : sim(cluster::simulation_of(plan)), hours(sim, group_sizes(plan)) {}

void carry(ClusterRun& run, const ClusterCase& about,
           const std::vector<std::unique_ptr<ClusterRecorder>>& recorders,
           const std::function<bool(cluster::Nanoseconds)>& goes_on) {
  for (const auto& recorder : recorders) recorder->begin(about.plan, run.sim, about.length);
  bool wanted = true;
  while (wanted && run.sim.now() < about.length) {
    cluster::run(run.sim, std::min(run.sim.now() + about.plan.load_step, about.length),
                 [&](const cluster::Event& event) {
                   for (const auto& recorder : recorders) recorder->after(run.sim, event);
                 });
    run.hours.look(run.sim);
    for (const auto& recorder : recorders) recorder->step(run.sim);
    wanted = goes_on(run.sim.now());
  }
  run.hours.finish();
  run.whole = run.sim.now() == about.length;
  for (const auto& recorder : recorders) recorder->end(run.sim);
}

}  // namespace hvlab::lab
