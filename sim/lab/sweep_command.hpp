// hvlab sweep: a scenario for every combination of values (docs/sweeps.md).
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

int sweep_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
