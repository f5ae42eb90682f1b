// The 82540EM's transmit side (8254x manual, 3.3 to 3.5).
#include <algorithm>

#include "sim/base/bits.hpp"
#include "sim/devices/e1000.hpp"

namespace hvlab::devices {
namespace {

using namespace e1000;

/// Packets beyond this are not sent (13.4.33: 16 KiB frames; with segmentation 64 KiB of payload and a
/// header).
constexpr size_t kLongestFrame = 16'288, kLongestPacket = 65'536 + 256;
constexpr size_t kShortestFrame = 60, kFcs = 4;
constexpr unsigned kDescriptorBytes = 16;

// Fields that all descriptors share.
u8 command_of(u64 high) { return static_cast<u8>(high >> 24); }
bool is_context(u64 high) { return (command_of(high) & kExtended) != 0 && bits(high, 23, 20) == 0; }
size_t length_of(u64 high) {
  return (command_of(high) & kExtended) != 0 ? bits(high, 19, 0) : bits(high, 15, 0);
}

}  // namespace

bool E1000::transmit_ready() const {
  const u32 ring = transmit_ring(), head = reg(TDH), tail = reg(TDT);
  return (reg(TCTL) & kTctlEnable) != 0 && head < ring && tail < ring && head != tail;
}

E1000::Descriptor E1000::descriptor(u32 base, u32 index) {
  const u64 address = (reg(base) | u64{reg(base + 4)} << 32) + u64{index} * kDescriptorBytes;
  Descriptor result;
  structure_dma().read(address, &result, sizeof result);
  return result;
}

/// Bytes that must cross the bus for the next packet: its descriptors and its data.
u64 E1000::next_packet_bytes() {
  u64 bytes = 0;
  for (u32 index = reg(TDH); index != reg(TDT); index = (index + 1) % transmit_ring()) {
    const Descriptor next = descriptor(TDBAL, index);
    bytes += kDescriptorBytes;
    if (is_context(next.high)) continue;
    bytes += length_of(next.high);
    if ((command_of(next.high) & kEndOfPacket) != 0) break;
  }
  return bytes;
}

/// Fetches the next packet if the ring holds one and the transmit FIFO has room: it arrives when the bus has
/// moved it.
void E1000::schedule_transmit() {
  const u64 fifo = u64{64 - std::min(reg(PBA) & 0x7f, 63u)} * 1024;
  if (state_.transmit_armed || !transmit_ready() || state_.on_link_bytes >= fifo) return;
  state_.transmit_armed = true;
  clock_.arm(transmit_event_, reserve_bus(next_packet_bytes()));
}

void E1000::transmit() {
  state_.transmit_armed = false;
  bool packet_done = false;
  while (!packet_done && transmit_ready()) packet_done = take_descriptor();
  if (reg(TDH) == reg(TDT)) cause(kTxQueueEmpty);
  schedule_transmit();
}

/// Takes the descriptor at the head; true if it ended a packet.
bool E1000::take_descriptor() {
  const Descriptor next = descriptor(TDBAL, reg(TDH));
  const u8 command = command_of(next.high);
  bool end = false;
  if (is_context(next.high)) {
    take_context(next);
  } else {
    Packet& packet = state_.packet;
    const bool extended = (command & kExtended) != 0;
    if (!packet.open) {
      packet = {{},
                true,
                false,
                extended && (command & kSegment) != 0,
                static_cast<u8>(extended ? next.high >> 40 : 0)};
    }
    gather(next.low, length_of(next.high));
    end = (command & kEndOfPacket) != 0;
    if (end) finish_packet(next);
  }
  const u32 index = reg(TDH);
  reg(TDH) = (index + 1) % transmit_ring();
  if ((command & (kReportStatus | kReportSent)) != 0) {
    const u64 address = (reg(TDBAL) | u64{reg(TDBAH)} << 32) + u64{index} * kDescriptorBytes;
    const u8 done = static_cast<u8>(bits(next.high, 39, 32) | kDone);
    structure_dma().write(address + 12, &done, 1);
    report_done(next);
  }
  return end;
}

/// 3.3.6. The device keeps one context for checksums and one for segmentation.
void E1000::take_context(const Descriptor& descriptor) {
  const u64 low = descriptor.low, high = descriptor.high;
  const u8 command = command_of(high);
  OffloadContext context;
  context.ip_start = static_cast<u8>(low);
  context.ip_at = static_cast<u8>(low >> 8);
  context.ip_end = static_cast<u16>(low >> 16);
  context.tcp_start = static_cast<u8>(low >> 32);
  context.tcp_at = static_cast<u8>(low >> 40);
  context.tcp_end = static_cast<u16>(low >> 48);
  context.payload = static_cast<u32>(bits(high, 19, 0));
  context.header = static_cast<u8>(high >> 40);
  context.mss = static_cast<u16>(high >> 48);
  context.tcp = (command & kContextTcp) != 0;
  context.ipv4 = (command & kContextIpv4) != 0;
  state_.contexts[(command & kContextSegment) != 0 ? 1 : 0] = context;
}

void E1000::gather(u64 address, size_t bytes) {
  std::vector<u8>& packet = state_.packet.bytes;
  if (packet.size() + bytes > kLongestPacket) {
    state_.packet.too_long = true;
    return;
  }
  if (bytes == 0) return;
  packet.resize(packet.size() + bytes);
  dma().read(address, &packet[packet.size() - bytes], bytes);
}

/// The packet is complete: computes what software left to the device and sends it.
void E1000::finish_packet(const Descriptor& last) {
  Packet packet = std::move(state_.packet);
  state_.packet = {};
  std::vector<u8>& bytes = packet.bytes;
  const u8 command = command_of(last.high);
  if ((command & kInsertFcs) == 0 && bytes.size() > kFcs)
    bytes.resize(bytes.size() - kFcs);  // the link adds it
  if (packet.too_long || bytes.size() < 14 || (!packet.segment && bytes.size() > kLongestFrame)) return;
  const bool ip = (packet.options & kOptionIpChecksum) != 0,
             tcp = (packet.options & kOptionTcpUdpChecksum) != 0;
  std::vector<std::vector<u8>> frames;
  if (packet.segment) {
    frames = segment(bytes, state_.contexts[1], ip, tcp);
    count(TSCTC);
  } else {
    const OffloadContext& context = state_.contexts[0];
    if (tcp) insert_checksum(bytes, context.tcp_start, context.tcp_at, context.tcp_end, 0, !context.tcp);
    if (ip) insert_checksum(bytes, context.ip_start, context.ip_at, context.ip_end, 0, false);
    if ((command & kExtended) == 0 && (command & kInsertChecksum) != 0)
      insert_checksum(bytes, static_cast<u8>(last.high >> 40), static_cast<u8>(last.high >> 16), 0, 0, false);
    frames.push_back(std::move(bytes));
  }
  const bool tag = (command & kVlanTag) != 0 && (reg(CTRL) & kCtrlVlanMode) != 0;
  for (std::vector<u8>& frame : frames) {
    if (tag) {
      const u8 vlan[] = {static_cast<u8>(reg(VET) >> 8), static_cast<u8>(reg(VET)),
                         static_cast<u8>(last.high >> 56), static_cast<u8>(last.high >> 48)};
      frame.insert(frame.begin() + 12, vlan, vlan + 4);
    }
    send(std::move(frame));
  }
}

void E1000::send(std::vector<u8> frame) {
  if ((reg(TCTL) & kTctlPadShort) != 0 && frame.size() < kShortestFrame) frame.resize(kShortestFrame);
  const size_t wire = std::max(frame.size(), kShortestFrame) + kFcs;
  count(TPT);
  count(GPTC);
  count_bytes(TOT, wire);
  count_bytes(GOTC, wire);
  count_size(PTC64, wire);
  if ((frame[0] & 1) != 0) {
    const bool broadcast =
        std::all_of(frame.begin(), frame.begin() + 6, [](u8 byte) { return byte == 0xff; });
    count(broadcast ? BPTC : MPTC);
  }
  state_.on_link.push_back(static_cast<u32>(frame.size()));
  state_.on_link_bytes += frame.size();
  link_.send(state_.next_frame++, std::move(frame));
}

void E1000::frame_sent(u64) {
  if (state_.on_link.empty()) return;
  const u32 bytes = state_.on_link.front();
  state_.on_link.pop_front();
  state_.on_link_bytes -= bytes;
  probe().report(observe::EventKind::FrameSent, bytes);
  schedule_transmit();
}

/// TXDW at once, or, where the descriptor allows a delay, TIDV after the last one but no later than TADV
/// after the first (13.4.41, .42).
void E1000::report_done(const Descriptor& descriptor) {
  if ((command_of(descriptor.high) & kDelayInterrupt) == 0 || reg(TIDV) == 0) {
    cause(kTxDescriptorWritten);
    return;
  }
  const Picoseconds now = clock_.now();
  if (state_.transmit_latest == kNever && reg(TADV) != 0)
    state_.transmit_latest = now + reg(TADV) * kE1000DelayUnit;
  clock_.arm(transmit_delay_event_, std::min(now + reg(TIDV) * kE1000DelayUnit, state_.transmit_latest));
}

void E1000::transmit_delay_over() {
  state_.transmit_latest = kNever;
  cause(kTxDescriptorWritten);
}

}  // namespace hvlab::devices
