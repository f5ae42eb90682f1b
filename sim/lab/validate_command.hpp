// `hvlab validate` and `hvlab schema`: what a scenario file says, and what one may say.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Checks scenario files, or prints them with every default. Returns 0, or 3 if a file is not valid. Throws
/// UserError.
int validate_command(const std::vector<std::string>& arguments);

/// Prints the JSON schema of scenario files, or the reference of their keys. Throws UserError.
int schema_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
