// The files of profiles/overhead: those that there are, with what was measured in place of what stood there.
#pragma once

#include <string>

#include "sim/cluster/overhead.hpp"
#include "sim/lab/overhead_figures.hpp"

namespace hvlab::lab {

/// FOLDER/NAME.yaml as it is. A way on another processor ("kvm-intel-skylake") that has no file yet begins
/// with what its own ("kvm") has. Throws UserError if there is neither, or it is damaged.
cluster::Overhead overhead_file(const std::string& folder, const std::string& name);

/// The figures that were measured over those that stood there; all others stay.
void take_measured(cluster::Overhead& overhead, const MeasuredOverhead& measured);

/// As YAML, a figure a line.
std::string overhead_text(const cluster::Overhead& overhead);

}  // namespace hvlab::lab
