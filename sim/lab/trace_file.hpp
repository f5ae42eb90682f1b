// Demands that somebody measured, from a CSV file.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::lab {

/// The samples of `file`, a path from `folder`: the last number of each line, from 0 to 1, in thousandths. A
/// first line whose last field is no number is a heading; empty lines do not count. Throws UserError with
/// file and line.
std::vector<u16> read_trace_file(const std::string& folder, const std::string& file);

}  // namespace hvlab::lab
