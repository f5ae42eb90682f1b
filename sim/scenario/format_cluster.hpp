// The part of the format that describes many hosts; format_table.cpp puts it into the whole.
#pragma once

#include "sim/scenario/format.hpp"

namespace hvlab::scenario {

/// What stands under `cluster`.
extern const Section kClusterSection;

}  // namespace hvlab::scenario
