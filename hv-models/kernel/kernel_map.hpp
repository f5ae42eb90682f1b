// The kernel's own half of every address space.
#pragma once

namespace hvlab::kernel {

/// Gives the image's pages the rights that they need and no more, and takes the right to execute from the
/// direct map; leaves at low addresses what the start of other processors needs. Before they are started,
/// after set_up_memory().
void protect_kernel();

/// All processors run: nothing is at low addresses any more.
void drop_low_addresses();

}  // namespace hvlab::kernel
