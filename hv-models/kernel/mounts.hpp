// What is seen in another's place: the files of a disk over a folder, or a file or folder that is bound
// there.
#pragma once

#include "hv-models/kernel/node.hpp"

namespace hvlab::kernel {

/// What is over `node`; nothing if it is seen itself. Only these two look at Node::mounted: others follow it
/// while it changes.
Ref<Node> over(Node& node);
void put_over(Node& node, const Ref<Node>& what);

/// Has `source` seen in the place of `at` too, to be read only if `to_read`; both are what is uppermost at
/// their paths. It stays until unbind(), whoever lets go of `at`. kBusy for one and the same, kReadOnly below
/// what is to be read only.
int bind(const Ref<Node>& source, const Ref<Node>& at, bool to_read);
/// Takes away what is bound over `covered`; kInvalid if nothing is.
int unbind(const Ref<Node>& covered);

}  // namespace hvlab::kernel
