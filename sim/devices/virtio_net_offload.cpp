#include "sim/devices/virtio_net_offload.hpp"

#include "sim/devices/frame_offload.hpp"

namespace hvlab::devices {

using namespace virtio::net;

namespace {

constexpr u64 kLongestSegmented = 65'550 - sizeof(Header);  // 5.1.6.3.1's largest buffer
constexpr size_t kMostSegments =
    1024;  // more means segments shorter than any TCP agrees on (RFC 9293, 3.7.1)
constexpr u16 kVlanType = 0x8100;
constexpr u32 kTcp = 6;  // the protocol's number
constexpr size_t kTcpHeader = 20, kTcpChecksumAt = 16;

/// An IP version as segmentation sees it: where checksum and addresses are (RFC 791, RFC 8200).
struct IpLayout {
  size_t header_bytes, addresses_at, addresses_bytes;
};
constexpr IpLayout kIp4 = {20, 12, 8}, kIp6 = {40, 8, 32};
constexpr u16 kIp4ChecksumAt = 10;

void store16(std::vector<u8>& packet, size_t at, u32 value) {
  packet[at] = static_cast<u8>(value >> 8);
  packet[at + 1] = static_cast<u8>(value);
}

/// 5.1.6.2: the checksum's field already holds the sum of the pseudo header.
bool fill_checksum(const Header& header, std::vector<u8>& packet) {
  const size_t start = header.checksum_start, at = start + header.checksum_offset;
  if (at + 2 > packet.size()) return false;
  insert_checksum(packet, start, at, 0, 0, true);
  return true;
}

std::vector<std::vector<u8>> tcp_segments(const Header& header, std::vector<u8> packet) {
  const bool ip4 = header.segmentation == kTcp4;
  const IpLayout& layout = ip4 ? kIp4 : kIp6;
  const bool tagged = packet.size() >= 18 && (packet[12] << 8 | packet[13]) == kVlanType;
  const size_t ip = tagged ? 18 : 14, tcp = header.checksum_start;
  if (tcp < ip + layout.header_bytes || tcp + kTcpHeader > packet.size()) return {};
  const size_t headers = tcp + 4u * (packet[tcp + 12] >> 4);
  if (headers < tcp + kTcpHeader || headers >= packet.size() || header.segment_bytes == 0 ||
      headers + header.segment_bytes > kLongestNetFrame ||
      (packet.size() - headers) / header.segment_bytes >= kMostSegments)
    return {};
  OffloadContext context;
  context.ip_start = static_cast<u16>(ip);
  context.ip_at = static_cast<u16>(ip + kIp4ChecksumAt);
  context.ip_end = static_cast<u16>(tcp - 1);
  context.tcp_start = header.checksum_start;
  context.tcp_at = static_cast<u16>(tcp + kTcpChecksumAt);
  context.header = static_cast<u16>(headers);
  context.mss = header.segment_bytes;
  context.tcp = true;
  context.ipv4 = ip4;
  // What the driver summed holds the whole packet's length; segment() adds each frame's own.
  const size_t addresses = ip + layout.addresses_at;
  store16(packet, tcp + kTcpChecksumAt,
          ones_sum(packet, addresses, addresses + layout.addresses_bytes - 1, kTcp));
  if (ip4) store16(packet, ip + kIp4ChecksumAt, 0);
  return segment(packet, context, ip4, true);
}

}  // namespace

std::vector<std::vector<u8>> outgoing_frames(const Header& header, std::vector<u8> packet, u64 features) {
  const bool wants_checksum = (header.flags & kNeedsChecksum) != 0;
  if (wants_checksum && (features & kChecksum) == 0) return {};
  if (header.segmentation != kSegmentsNone) {
    const u64 needed = header.segmentation == kTcp4   ? kSegment4
                       : header.segmentation == kTcp6 ? kSegment6
                                                      : 0;
    if ((features & needed) == 0 || !wants_checksum || packet.size() < kShortestNetFrame) return {};
    return tcp_segments(header, std::move(packet));
  }
  if (packet.size() < kShortestNetFrame || packet.size() > kLongestNetFrame) return {};
  if (wants_checksum && !fill_checksum(header, packet)) return {};
  std::vector<std::vector<u8>> frames;
  frames.push_back(std::move(packet));
  return frames;
}

bool checksum_proven(std::span<const u8> frame) {
  const ReceivedCheck check = check_received(frame, true, true);
  return check.tcp_udp_checked && !check.tcp_udp_bad && !check.ip_bad;
}

u64 longest_packet(u64 features) {
  return (features & (kSegment4 | kSegment6)) != 0 ? kLongestSegmented : kLongestNetFrame;
}

}  // namespace hvlab::devices
