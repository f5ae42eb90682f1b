// What the virtio network device computes on packets for its driver. Pure functions. VIRTIO 1.2, section
// 5.1.6.
#pragma once

#include <span>
#include <vector>

#include "sim/devices/virtio_net_registers.hpp"

namespace hvlab::devices {

/// The frames that a packet from the driver becomes: itself, with its checksum filled in where `header` asks
/// for that, or the segments of a TCP packet. Nothing if the header asks for what `features` (as negotiated)
/// do not offer, does not fit the packet, or leads to frames that no Ethernet takes.
std::vector<std::vector<u8>> outgoing_frames(const virtio::net::Header& header, std::vector<u8> packet,
                                             u64 features);

/// True if a received frame carries a TCP or UDP checksum that is right (5.1.6.4).
bool checksum_proven(std::span<const u8> frame);

/// Largest packet that a driver may send with `features`: a frame, or what is to be segmented.
u64 longest_packet(u64 features);

inline constexpr u64 kShortestNetFrame = 14;
inline constexpr u64 kLongestNetFrame = 1518;  // with a VLAN tag, without FCS

}  // namespace hvlab::devices
