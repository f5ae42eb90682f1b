// How many instances of the workload a machine takes until a service level is broken.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/measurement.hpp"

namespace hvlab::analysis {

/// The service level: so many times the mean time of all phases of one that is alone in a container.
inline constexpr double kServiceLevel = 1.5;

struct Density {
  std::string way;
  Layer layer = Layer::None;
  double by_time = 0;    // instances until the service level is passed
  bool passed = false;   // it was; else at least so many
  double by_memory = 0;  // instances until the machine's memory is used up; 0: not known

  double fits() const { return by_memory == 0 ? by_time : std::min(by_time, by_memory); }
  bool memory_ends() const { return by_memory != 0 && by_memory < by_time; }
};

/// kServiceLevel times the first container that is alone on so many processors, in seconds; 0 without one.
double service_level(Measurements all, unsigned processors);

/// Of each way that was run with one instance and with more on so many processors. `level`: seconds.
std::vector<Density> densities(Measurements all, unsigned processors, double level);

}  // namespace hvlab::analysis
