// Files and folders that live in memory.
#pragma once

#include "hv-models/kernel/node.hpp"

namespace hvlab::kernel {

/// An empty folder, or nothing without memory.
Ref<Node> make_memory_folder();
/// Puts a node of another kind (a device) into such a folder.
int add_to_memory_folder(Node& folder, const char* name, const Ref<Node>& node);

}  // namespace hvlab::kernel
