// Pages of the management machine's that may become another machine's, each for one of that machine's: frames
// arrive in them where a guest has them by exchange (Call::Grants, Exchange). They never return to the page
// pool, which knows only the pages that this machine began with.
#pragma once

#include "hv-models/kernel/packet.hpp"

namespace hvlab::kernel {

/// A packet in such a page, or nullptr. free_packet() gives the page back here.
Packet* make_exchange_packet();
bool is_exchangeable(const Packet& packet);
/// The packet's page has become another's, who has given the one at `physical`.
void exchanged(Packet& packet, u64 physical);

}  // namespace hvlab::kernel
