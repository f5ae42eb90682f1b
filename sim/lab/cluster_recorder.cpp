#include "sim/lab/cluster_recorder.hpp"

#include <optional>

#include "sim/cluster/recording.hpp"

namespace hvlab::lab {

namespace {

/// Everything over time: cluster.hvc.
class TraceRecorder final : public ClusterRecorder {
 public:
  explicit TraceRecorder(record::RunWriter& run) : run_(run) {}

  void begin(const cluster::Plan& plan, const cluster::Simulation& sim,
             cluster::Nanoseconds length) override {
    recording_.emplace(run_.streamed(record::kClusterFile), plan, sim, length);
  }
  void after(const cluster::Simulation& sim, const cluster::Event& event) override {
    recording_->after(sim, event);
  }
  void end(const cluster::Simulation& sim) override {
    recording_->finish(sim);
    run_.note_problem(recording_->problem());
  }

 private:
  record::RunWriter& run_;
  std::optional<cluster::Recording> recording_;
};

}  // namespace

std::vector<std::unique_ptr<ClusterRecorder>> cluster_recorders(record::RunWriter& run) {
  std::vector<std::unique_ptr<ClusterRecorder>> recorders;
  recorders.push_back(std::make_unique<TraceRecorder>(run));
  return recorders;
}

}  // namespace hvlab::lab
