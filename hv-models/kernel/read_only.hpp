// A file or folder, and all below it, as something that can be looked at only.
#pragma once

#include "hv-models/kernel/node.hpp"

namespace hvlab::kernel {

/// `node` without its writing half: every change is kReadOnly. Nothing without memory.
Ref<Node> read_only(const Ref<Node>& node);

}  // namespace hvlab::kernel
