// Hops of a request in the language of the window or page.
#pragma once

#include <string>

#include "sim/views/messages.hpp"

namespace hvlab::views {

/// What observe::io_hop_label() calls a hop, in the catalogue's language ("hops" of messages/*.yaml). A label
/// that the catalogue does not have as a whole is of two parts, "KIND: PLACE".
std::string hop_words(const Messages& messages, const std::string& label);

}  // namespace hvlab::views
