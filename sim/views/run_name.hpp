// What a run is called in views: "hosted · 2 cores".
#pragma once

#include <string>

#include "sim/record/run_reader.hpp"

namespace hvlab::views {

/// A cell's settings; of a sweep's cell its number; else the name; of a path its last part, of NAME/STAMP the
/// NAME. Never empty unless the run's title is.
std::string run_name(const record::RunReader& reader);

}  // namespace hvlab::views
