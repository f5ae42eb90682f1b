#include "sim/devices/frame_offload.hpp"

#include <algorithm>
#include <array>

namespace hvlab::devices {
namespace {

u32 get16(std::span<const u8> bytes, size_t at) { return static_cast<u32>(bytes[at] << 8 | bytes[at + 1]); }

void put16(std::span<u8> bytes, size_t at, u32 value) {
  if (at + 2 > bytes.size()) return;
  bytes[at] = static_cast<u8>(value >> 8);
  bytes[at + 1] = static_cast<u8>(value);
}

void add32(std::span<u8> bytes, size_t at, u32 addend) {
  if (at + 4 > bytes.size()) return;
  const u32 value = (get16(bytes, at) << 16 | get16(bytes, at + 2)) + addend;
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value & 0xffff);
}

}  // namespace

u16 ones_sum(std::span<const u8> frame, size_t first, size_t last, u32 start) {
  u64 sum = start;
  const size_t end = std::min(last + 1, frame.size());
  size_t at = first;
  for (; at + 1 < end; at += 2) sum += get16(frame, at);
  if (at < end) sum += u32{frame[at]} << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<u16>(sum);
}

void insert_checksum(std::span<u8> frame, size_t start, size_t at, size_t end, u32 more, bool never_zero) {
  if (at + 2 > frame.size() || start >= frame.size()) return;
  u16 sum = static_cast<u16>(~ones_sum(frame, start, end == 0 ? frame.size() - 1 : end, more));
  if (sum == 0 && never_zero) sum = 0xffff;
  put16(frame, at, sum);
}

std::vector<std::vector<u8>> segment(std::span<const u8> packet, const OffloadContext& context,
                                     bool ip_checksum, bool tcp_checksum) {
  std::vector<std::vector<u8>> frames;
  const size_t header = context.header;
  if (context.mss == 0 || header == 0 || packet.size() <= header) return frames;
  const size_t total = packet.size() - header;
  for (size_t done = 0, index = 0; done < total; ++index) {
    const size_t part = std::min<size_t>(context.mss, total - done);
    std::vector<u8> frame(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(header));
    frame.insert(frame.end(), packet.begin() + static_cast<std::ptrdiff_t>(header + done),
                 packet.begin() + static_cast<std::ptrdiff_t>(header + done + part));
    const size_t ip = context.ip_start, transport = context.tcp_start;
    const u32 transport_bytes = static_cast<u32>(frame.size() - std::min(transport, frame.size()));
    if (context.ipv4) {
      put16(frame, ip + 2, static_cast<u32>(frame.size() - std::min(ip, frame.size())));
      if (ip + 6 <= frame.size()) put16(frame, ip + 4, get16(frame, ip + 4) + static_cast<u32>(index));
    } else {
      put16(frame, ip + 4,
            static_cast<u32>(frame.size() - std::min(ip + 40, frame.size())));  // IPv6 payload length
    }
    done += part;
    if (context.tcp) {
      add32(frame, transport + 4, static_cast<u32>(done - part));
      if (done < total && transport + 14 <= frame.size())
        frame[transport + 13] &= static_cast<u8>(~0x09);  // FIN, PSH
    } else {
      put16(frame, transport + 4, transport_bytes);
    }
    // The driver's pseudo header sum leaves out the length, which differs from frame to frame.
    if (tcp_checksum)
      insert_checksum(frame, transport, context.tcp_at, context.tcp_end, transport_bytes, !context.tcp);
    if (ip_checksum) insert_checksum(frame, ip, context.ip_at, context.ip_end, 0, false);
    frames.push_back(std::move(frame));
  }
  return frames;
}

ReceivedCheck check_received(std::span<const u8> frame, bool ip, bool tcp_udp) {
  ReceivedCheck check;
  constexpr size_t kIp = 14;
  if (frame.size() < kIp + 20 || get16(frame, 12) != 0x0800 || frame[kIp] >> 4 != 4) return check;
  const size_t header = (frame[kIp] & 15u) * 4u, total = get16(frame, kIp + 2);
  if (header < 20 || total < header || kIp + total > frame.size()) return check;
  check.ip_checked = ip;
  check.ip_bad = ip && ones_sum(frame, kIp, kIp + header - 1) != 0xffff;
  const u8 protocol = frame[kIp + 9];
  const bool fragment = (get16(frame, kIp + 6) & 0x3fff) != 0;
  if (!tcp_udp || fragment || (protocol != 6 && protocol != 17)) return check;
  const size_t transport = kIp + header, bytes = total - header;
  if (bytes < (protocol == 6 ? 20u : 8u)) return check;
  if (protocol == 17 && get16(frame, transport + 6) == 0) return check;  // sent without a checksum
  const u32 pseudo = u32{ones_sum(frame, kIp + 12, kIp + 19)} + protocol + static_cast<u32>(bytes);
  check.tcp_udp_checked = true;
  check.tcp_udp_bad = ones_sum(frame, transport, transport + bytes - 1, pseudo) != 0xffff;
  return check;
}

u32 frame_check_sequence(std::span<const u8> frame) {
  static constexpr auto kTable = [] {
    std::array<u32, 256> table{};
    for (u32 i = 0; i < 256; ++i) {
      u32 value = i;
      for (int k = 0; k < 8; ++k) value = value >> 1 ^ ((value & 1) != 0 ? 0xedb8'8320u : 0);
      table[i] = value;
    }
    return table;
  }();
  u32 crc = ~0u;
  for (const u8 byte : frame) crc = crc >> 8 ^ kTable[(crc ^ byte) & 0xff];
  return ~crc;
}

}  // namespace hvlab::devices
