// The checked file system as part of the folders.
#pragma once

#include "hv-models/kernel/node.hpp"

namespace hvlab::kernel {

/// Makes an empty one on the disk behind `device`, or puts the one that is there over `folder`.
int format_checked(Node& device);
int mount_checked(const Ref<Node>& device, const Ref<Node>& folder);
/// Takes away what is over the folder `covered`. kBusy while it is used; kInvalid if it is none of these.
int unmount_checked(const Ref<Node>& covered);
/// Has everything that was written reach the disks.
int sync_all();

}  // namespace hvlab::kernel
