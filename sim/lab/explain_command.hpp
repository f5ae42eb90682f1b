// `hvlab list` and `hvlab explain`: the names that HVLab uses, and what they mean.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Lists the kinds of names, or the names of one kind. Throws UserError.
int list_command(const std::vector<std::string>& arguments);

/// Says what a name means, in English or Japanese, with its source. Throws UserError if nobody knows it.
int explain_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
