// A machine's side of event channels and grants (interdomain/): for front ends, and for back ends of the
// management machine.
#pragma once

#include "hv-models/interdomain/shared_page.hpp"
#include "sim/base/types.hpp"

namespace hvlab::drivers {

/// Tells the hypervisor of a shared page and a grant table; false where there are no channels, on the machine
/// itself for example. Once, on the first processor.
bool set_up_channels();
/// Whether it has.
bool has_channels();
interdomain::SharedPage& shared_page();

/// Calls handler(context) for events of `channel`, with interrupts off. False if the number is too high.
using ChannelHandler = void (*)(void* context);
bool connect_channel(unsigned channel, ChannelHandler handler, void* context);
/// Sends an event to the other end.
void notify_channel(unsigned channel);

/// Lets machine `machine` use the page at `physical`; kNoGrant if the table is full.
inline constexpr interdomain::Grant kNoGrant = ~0u;
interdomain::Grant give_page(u64 physical, unsigned machine, bool read_only);
/// Takes it back: the other machine has said that it is done with it.
void take_page_back(interdomain::Grant grant);

}  // namespace hvlab::drivers
