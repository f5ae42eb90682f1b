// A cluster's run as rules of claims look at it.
#pragma once

#include "sim/analysis/measurement.hpp"
#include "sim/lab/metric_values.hpp"
#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

/// Settings by the last words of their paths, where those are unlike; metrics with times in seconds; the way
/// in which its machines are virtualized, if that is one.
analysis::Measurement measurement_of(const scenario::Cell& cell, const Metrics& metrics);

}  // namespace hvlab::lab
