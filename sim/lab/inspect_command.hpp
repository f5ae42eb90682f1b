// `hvlab inspect`: the machine's state at a moment of a recorded run.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

int inspect_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
