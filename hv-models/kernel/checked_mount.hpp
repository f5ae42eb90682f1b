// The checked file system as part of the folders.
#pragma once

#include "hv-models/kernel/node.hpp"

namespace hvlab::kernel {

/// Makes an empty one on the disk behind `device`, or puts the one that is there over `folder`.
int format_checked(Node& device);
int mount_checked(const Ref<Node>& device, const Ref<Node>& folder);
/// Takes away what is over a folder; `root` is what a path now leads to there. kBusy while it is used.
int unmount_checked(const Ref<Node>& root);
/// Has everything that was written reach the disks.
int sync_all();

}  // namespace hvlab::kernel
