// What network controllers compute on frames: checksums, segmentation, CRC. Pure functions on bytes.
#pragma once

#include <span>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::devices {

/// Where checksums start, go and end, and how to segment: the fields of the 82540EM's context descriptor
/// (8254x manual, 3.3.6).
struct OffloadContext {
  u16 ip_start = 0, ip_at = 0;
  u16 ip_end = 0;  // the last byte; 0 = the packet's
  u16 tcp_start = 0, tcp_at = 0;
  u16 tcp_end = 0;
  u32 payload = 0;
  u16 header = 0;
  u16 mss = 0;
  bool tcp = false, ipv4 = false;
};

/// The ones' complement sum of bytes `first`..`last` of `frame` (clipped to it), big-endian, not inverted.
u16 ones_sum(std::span<const u8> frame, size_t first, size_t last, u32 start = 0);

/// Sums bytes `start`..`end` (0 = to the frame's end) with what the field holds, and stores the complement at
/// `at`. Nothing where the field lies outside. `more` is added to the sum; `never_zero` stores FFFFh for 0
/// (UDP).
void insert_checksum(std::span<u8> frame, size_t start, size_t at, size_t end, u32 more, bool never_zero);

/// Cuts `packet` (header and payload) into frames of up to `context.mss` bytes of payload, with lengths,
/// identification, sequence numbers and flags set as for each (3.5.4). Empty where the context makes no
/// sense.
std::vector<std::vector<u8>> segment(std::span<const u8> packet, const OffloadContext& context,
                                     bool ip_checksum, bool tcp_checksum);

/// What the receiver's checksum unit finds (3.2.9).
struct ReceivedCheck {
  bool ip_checked = false, ip_bad = false;
  bool tcp_udp_checked = false, tcp_udp_bad = false;
};
ReceivedCheck check_received(std::span<const u8> frame, bool ip, bool tcp_udp);

/// The Ethernet frame check sequence (IEEE 802.3, 3.2.9), in the order of transmission from its lowest byte.
u32 frame_check_sequence(std::span<const u8> frame);

}  // namespace hvlab::devices
