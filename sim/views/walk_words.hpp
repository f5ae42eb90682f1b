// A page walk in words.
#pragma once

#include <string>

#include "sim/views/messages.hpp"
#include "sim/views/walk_picture.hpp"

namespace hvlab::views {

/// What happens at `reference` of `walk`: what is read where, for whom, what the entry says, where it leads
/// or why the walk ends there.
std::string words_of(const Messages& say, const WalkReference& reference);

/// What the walk comes to: the addresses, the page, what is allowed; or the fault with its error code's bits.
std::string result_of(const Messages& say, const MachineWalk& walk);

}  // namespace hvlab::views
