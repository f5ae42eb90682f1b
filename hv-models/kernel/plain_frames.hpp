// Frames as any card takes them, of a packet that leaves something to others (Packet::unchecked, segment,
// lent).
#pragma once

#include "hv-models/kernel/packet.hpp"

namespace hvlab::kernel {

/// What a card must be able to do to take the packet as it is (drivers/network_card.hpp).
u8 needs(const Packet& packet);

/// Gives each frame that the packet becomes to take(), which owns it then. The packet stays the caller's.
/// What there is no memory for is lost.
void make_plain_frames(Packet& packet, void* context, void (*take)(void* context, Packet* frame));

}  // namespace hvlab::kernel
