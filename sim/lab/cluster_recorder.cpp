#include "sim/lab/cluster_recorder.hpp"

namespace hvlab::lab {

std::vector<std::unique_ptr<ClusterRecorder>> cluster_recorders(record::RunWriter&) { return {}; }

}  // namespace hvlab::lab
