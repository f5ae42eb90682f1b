// The drivers' packets under the names by which the kernel calls them.
#pragma once

#include "hv-models/drivers/network_card.hpp"

namespace hvlab::kernel {

using drivers::free_packet;
using drivers::MacAddress;
using drivers::make_packet;
using drivers::NetworkCard;
using drivers::Packet;
using drivers::PacketList;

}  // namespace hvlab::kernel
