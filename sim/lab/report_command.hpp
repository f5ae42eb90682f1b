// `hvlab report`: runs as a page of HTML.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Writes the page. Returns an exit status as its help lists them. Throws UserError.
int report_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
