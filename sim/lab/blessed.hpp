// Numbers that were found good: beside a scenario, for later runs to meet.
#pragma once

#include <string>

#include "sim/lab/cell_result.hpp"

namespace hvlab::lab {

/// Writes NAME.blessed.json beside scenario `file`: the metrics of every cell, if its status is 0. Throws
/// UserError.
void bless(const std::string& file, const ScenarioResult& result);

/// If there are blessed numbers beside `file`, adds a check for every cell that they are met. Throws
/// UserError if the file is damaged.
void check_blessed(const std::string& file, ScenarioResult& result);

}  // namespace hvlab::lab
