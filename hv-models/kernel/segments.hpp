// What a card may leave to whoever is behind it, done by software: checksums, and cutting TCP's data into
// frames (VIRTIO 1.2, 5.1.6.2, says what a device does). Pure functions over bytes, which may be a hostile
// guest's: they run in a test too.
#pragma once

#include "hv-models/kernel/wire.hpp"

namespace hvlab::kernel {

/// Where the headers of a packet are: Ethernet, IPv4, and TCP or UDP.
struct PacketLayout {
  Ipv4Header ip;
  size_t transport;  // where TCP's or UDP's header begins
  size_t headers;    // where the payload begins
};

inline constexpr size_t kShortestFrame = 14, kLongestFrame = 1518;  // with a VLAN's tag, without the checksum
/// Less payload a frame than every IPv4 host has to take would be many frames for little (RFC 9293, 3.7.1).
inline constexpr u16 kShortestSegment = 536;

/// `bytes` of a packet's `all` are at `from`, with all headers: false if it is none that can be left
/// unfinished.
bool find_layout(const u8* from, size_t bytes, size_t all, PacketLayout& layout);
/// Whether a packet of `all` bytes may be sent as its sender says: `segment` 0 for a frame.
bool may_be_sent(const u8* from, size_t bytes, size_t all, u16 segment, bool unchecked);

/// Completes the checksum of the frame `at`.
void complete_checksum(u8* at, size_t bytes, const PacketLayout& layout);
/// How many frames a packet becomes, and the one of number `index`: its bytes, which are less than
/// kLongestFrame, are at `to` afterwards.
unsigned count_frames(size_t bytes, const PacketLayout& layout, u16 segment);
size_t cut_frame(const u8* from, size_t bytes, const PacketLayout& layout, u16 segment, unsigned index,
                 u8* to);

}  // namespace hvlab::kernel
