// `hvlab boot`.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

int boot_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
