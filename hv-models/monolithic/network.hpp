// The virtual switch: between the machine's card, driven by the hypervisor's own driver, and the guests'
// cards.
#pragma once

#include "hv-models/devices/board.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::monolithic {

/// Finds the machine's card and makes it the switch's first port.
void find_card();
/// A port for machine `number`, whose card is `board`'s.
void connect(hypervisor::VirtualMachine& machine, devices::Board& board, unsigned number);
/// What the machine's card sends to.
devices::NetworkBackend wire_of(unsigned number);
/// Hands over the frames that wait for guests: a guest's lock cannot be taken while another's is held, so
/// they wait until none is. No lock held.
void deliver_frames();

}  // namespace hvlab::monolithic
