// `hvlab view`: becomes the viewer, a program of its own (docs/visualizer.md).
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Starts hvlab-view in this process's place, with this program for it to ask. Throws UserError if it is not
/// built.
int view_command(const std::vector<std::string>& arguments);

}  // namespace hvlab::lab
