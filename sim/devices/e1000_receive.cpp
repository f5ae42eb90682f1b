// The 82540EM's receive side (8254x manual, 3.2).
#include <algorithm>

#include "sim/base/bits.hpp"
#include "sim/devices/e1000.hpp"

namespace hvlab::devices {
namespace {

using namespace e1000;

constexpr size_t kShortestFrame = 60, kFcs = 4;
constexpr size_t kLongestStandard = 1522, kLongestJumbo = 16'384;  // FCS included (13.4.22, LPE)
constexpr unsigned kDescriptorBytes = 16;

u32 ether_type(std::span<const u8> frame) { return static_cast<u32>(frame[12] << 8 | frame[13]); }

bool is_broadcast(std::span<const u8> frame) {
  return std::all_of(frame.begin(), frame.begin() + 6, [](u8 byte) { return byte == 0xff; });
}

}  // namespace

/// Descriptors that the device owns: from head up to, not including, tail.
u32 E1000::receive_available() const {
  const u32 ring = receive_ring(), head = reg(RDH), tail = reg(RDT);
  if (head >= ring || tail >= ring) return 0;
  return (tail + ring - head) % ring;
}

/// RCTL.BSIZE and BSEX (13.4.22).
u32 E1000::buffer_bytes() const {
  const u32 size = 2048u >> bits(reg(RCTL), 17, 16);
  return (reg(RCTL) & kRctlSizeTimes16) != 0 && size != 2048 ? size * 16 : size;
}

/// 13.5.1: the 4096-bit table, indexed by 12 bits of the address that RCTL.MO selects.
bool E1000::hash_matches(std::span<const u8> frame) const {
  const unsigned shift =
      4 - static_cast<unsigned>(bits(reg(RCTL), 13, 12)) - (bits(reg(RCTL), 13, 12) == 3 ? 1 : 0);
  const u32 hash = ((frame[4] | u32{frame[5]} << 8) >> shift) & 0xfff;
  return test_bit(reg(MTA + 4 * (hash >> 5)), hash & 31);
}

/// 3.2.1 and 13.5: which addresses are for this station. `inexact`: only the hash said so.
bool E1000::accepts(std::span<const u8> frame, bool& inexact) const {
  const u32 control = reg(RCTL);
  const bool group = (frame[0] & 1) != 0;
  if (ether_type(frame) == reg(VET) && (control & kRctlVlanFilter) != 0) {
    const u32 id = frame.size() >= 16 ? (frame[14] & 15u) << 8 | frame[15] : 0;
    if (!test_bit(reg(VFTA + 4 * (id >> 5)), id & 31)) return false;
  }
  if ((control & (group ? kRctlMulticastAll : kRctlUnicastAll)) != 0) return true;
  if (is_broadcast(frame) && (control & kRctlBroadcast) != 0) return true;
  for (u32 i = 0; i < 16; ++i) {
    const u32 low = reg(RAL + 8 * i), high = reg(RAH + 8 * i);
    const u64 address = low | u64{high & 0xffff} << 32;
    u64 to = 0;
    for (unsigned k = 0; k < 6; ++k) to |= u64{frame[k]} << (8 * k);
    if ((high & kAddressValid) != 0 && bits(high, 17, 16) == 0 && address == to) return true;
  }
  inexact = group && hash_matches(frame);
  return inexact;
}

void E1000::frame_received(std::span<const u8> bytes) {
  if (bytes.size() < 14 || (reg(RCTL) & kRctlEnable) == 0 || !link_ready()) return;
  std::vector<u8> frame(bytes.begin(), bytes.end());
  frame.resize(std::max(frame.size(), kShortestFrame));
  const size_t wire = frame.size() + kFcs;
  count(TPR);
  count_bytes(TOR, wire);
  bool inexact = false;
  if (!accepts(frame, inexact)) return;
  if (wire > ((reg(RCTL) & kRctlLongPacket) != 0 ? kLongestJumbo : kLongestStandard)) return count(ROC);
  if (state_.fifo_bytes + wire > u64{std::min(reg(PBA) & 0x7f, 64u)} * 1024) {
    count(MPC);
    cause(kRxOverrun);
    return;
  }
  if (receive_available() == 0) count(RNBC);
  state_.fifo_bytes += wire;
  state_.fifo.push_back(std::move(frame));
  schedule_receive();
}

size_t E1000::descriptors_for(const std::vector<u8>& frame) const {
  const size_t bytes = frame.size() + ((reg(RCTL) & kRctlStripCrc) != 0 ? 0 : kFcs);
  return (bytes + buffer_bytes() - 1) / buffer_bytes();
}

/// Moves the oldest frame of the FIFO once there are descriptors for all of it.
void E1000::schedule_receive() {
  if (state_.receive_armed || state_.fifo.empty() || (reg(RCTL) & kRctlEnable) == 0) return;
  const std::vector<u8>& frame = state_.fifo.front();
  const size_t descriptors = descriptors_for(frame);
  if (descriptors > receive_available()) return;
  state_.receive_armed = true;
  clock_.arm(receive_event_, reserve_bus(frame.size() + descriptors * kDescriptorBytes));
}

void E1000::receive() {
  state_.receive_armed = false;
  if (state_.fifo.empty() || (reg(RCTL) & kRctlEnable) == 0 ||
      descriptors_for(state_.fifo.front()) > receive_available())
    return;
  std::vector<u8> frame = std::move(state_.fifo.front());
  state_.fifo.pop_front();
  state_.fifo_bytes -= frame.size() + kFcs;
  deliver(std::move(frame));
  schedule_receive();
}

void E1000::deliver(std::vector<u8> frame) {
  const u32 before = receive_available();
  const size_t wire = frame.size() + kFcs;
  bool inexact = false;
  accepts(frame, inexact);
  count(GPRC);
  count_bytes(GORC, wire);
  count_size(PRC64, wire);
  if ((frame[0] & 1) != 0) count(is_broadcast(frame) ? BPRC : MPRC);
  probe().report(observe::EventKind::FrameReceived, frame.size());

  const u32 checks = reg(RXCSUM);
  const ReceivedCheck check = check_received(frame, (checks & kRxcsumIp) != 0, (checks & kRxcsumTcpUdp) != 0);
  const u16 sum = static_cast<u16>(~ones_sum(frame, checks & 0xff, frame.size() - 1));
  u8 status = static_cast<u8>(kDone | (inexact ? kInexact : 0) | (check.ip_checked ? kIpChecked : 0) |
                              (check.tcp_udp_checked ? kTcpUdpChecked : 0) |
                              (!check.ip_checked && !check.tcp_udp_checked ? kIgnoreChecksum : 0));
  const u8 errors = static_cast<u8>((check.ip_bad ? kIpError : 0) | (check.tcp_udp_bad ? kTcpUdpError : 0));
  const u32 fcs = frame_check_sequence(frame);
  u16 tag = 0;
  if ((reg(CTRL) & kCtrlVlanMode) != 0 && ether_type(frame) == reg(VET) && frame.size() >= 18) {
    tag = static_cast<u16>(frame[14] << 8 | frame[15]);
    frame.erase(frame.begin() + 12, frame.begin() + 16);
    status |= kVlanPacket;
  }
  if ((reg(RCTL) & kRctlStripCrc) == 0)
    for (unsigned i = 0; i < 4; ++i) frame.push_back(static_cast<u8>(fcs >> (8 * i)));

  for (size_t done = 0; done < frame.size();) {
    const u32 index = reg(RDH);
    const size_t part = std::min<size_t>(frame.size() - done, buffer_bytes());
    const Descriptor buffer = descriptor(RDBAL, index);
    dma().write(buffer.low, &frame[done], part);
    done += part;
    const bool last = done == frame.size();
    const u64 written = part | u64{sum} << 16 | u64{static_cast<u8>(status | (last ? kLast : 0))} << 32 |
                        u64{last ? errors : u8{0}} << 40 | u64{tag} << 48;
    const u64 address = (reg(RDBAL) | u64{reg(RDBAH)} << 32) + u64{index} * kDescriptorBytes;
    structure_dma().write(address + 8, &written, sizeof written);
    reg(RDH) = (index + 1) % receive_ring();
  }
  const u32 threshold = receive_ring() >> (bits(reg(RCTL), 9, 8) + 1);
  if (before > threshold && receive_available() <= threshold) cause(kRxThreshold);
  receive_interrupt(wire);
}

/// RXT0 at once, or RDTR after the last packet but no later than RADV after the first; small packets do not
/// wait (13.4.30, 13.4.31, 13.4.32).
void E1000::receive_interrupt(size_t bytes) {
  if (reg(RSRPD) != 0 && bytes <= reg(RSRPD)) cause(kSmallPacket);
  if (reg(RDTR) == 0) {
    cause(kRxTimer);
    return;
  }
  const Picoseconds now = clock_.now();
  state_.receive_pending = true;
  if (state_.receive_latest == kNever && reg(RADV) != 0)
    state_.receive_latest = now + reg(RADV) * kE1000DelayUnit;
  clock_.arm(receive_delay_event_, std::min(now + reg(RDTR) * kE1000DelayUnit, state_.receive_latest));
}

void E1000::receive_delay_over() {
  clock_.disarm(receive_delay_event_);
  state_.receive_pending = false;
  state_.receive_latest = kNever;
  cause(kRxTimer);
}

}  // namespace hvlab::devices
