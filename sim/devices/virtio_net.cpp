#include "sim/devices/virtio_net.hpp"

#include <utility>

#include "sim/base/bits.hpp"

namespace hvlab::devices {

namespace {

constexpr u64 kMac = bit(5), kMergeable = bit(15), kStatus = bit(16), kSpeedDuplex = bit(63);  // 5.1.3
constexpr u32 kMacAt = 0, kStatusAt = 6, kSpeedAt = 12, kDuplexAt = 16, kConfigBytes = 17;     // 5.1.4
constexpr u16 kLinkUp = 1;
constexpr u16 kReceive = 0, kTransmit = 1;
constexpr size_t kHeaderBytes = 12, kBufferCountAt = 10;  // 5.1.6
constexpr size_t kFrameMin = 14, kFrameMax = 1518;        // with a VLAN tag, without FCS
constexpr size_t kWaitingMax = 256;

}  // namespace

VirtioNet::VirtioNet(const PciServices& services, FrameLink& link, const std::array<u8, 6>& mac)
    : VirtioPci({.type = virtio::Type::Net,
                 .class_code = 0x02'0000,
                 .features = kMac | kMergeable | kStatus | kSpeedDuplex,
                 .queues = 2,
                 .queue_size = 256,
                 .config_bytes = kConfigBytes},
                services),
      link_(link) {
  for (u32 i = 0; i < 6; ++i) set_config<u8>(kMacAt + i, mac[i]);
  set_config<u16>(kStatusAt, link.up() ? kLinkUp : 0);
  set_config<u32>(kSpeedAt, static_cast<u32>(link.bits_per_second() / 1'000'000));
  set_config<u8>(kDuplexAt, 1);
  link.attach(*this);
}

void VirtioNet::device_reset() {
  link_.abandon();
  state_.sending.clear();
  state_.waiting.clear();
}

void VirtioNet::queue_notified(u16 index) { index == kTransmit ? transmit() : receive(); }

void VirtioNet::transmit() {
  drain(kTransmit, [this](const VirtqueueChain& chain) {
    const u64 bytes = chain.readable_bytes - kHeaderBytes;  // wraps where there is less: dropped as too long
    if (bytes < kFrameMin || bytes > kFrameMax) {
      complete(kTransmit, chain.head, 0);
      return;
    }
    // No offload was offered, so the header says nothing (5.1.6.2).
    std::vector<u8> frame(bytes);
    gather(dma(), chain.readable, kHeaderBytes, frame.data(), frame.size());
    const u64 id = state_.next_id++;
    state_.sending.emplace(id, Sending{chain.head, static_cast<u32>(bytes)});
    link_.send(id, std::move(frame));
  });
}

void VirtioNet::frame_sent(u64 id) {
  const auto node = state_.sending.extract(id);
  if (node.empty() || !running()) return;
  probe().report(observe::EventKind::FrameSent, node.mapped().bytes);
  complete(kTransmit, node.mapped().head, 0);
}

void VirtioNet::frame_received(std::span<const u8> frame) {
  if (!running() || state_.waiting.size() >= kWaitingMax || frame.size() > kFrameMax) {
    ++state_.dropped;
    return;
  }
  state_.waiting.emplace_back(frame.begin(), frame.end());
  receive();
}

void VirtioNet::receive() {
  while (!state_.waiting.empty() && deliver(state_.waiting.front())) state_.waiting.pop_front();
  // New buffers matter only while a frame waits for them.
  if (running()) queue(kReceive).want_notifications(!state_.waiting.empty());
}

/// Puts one frame into as many buffers as it needs; false if they are not there yet.
bool VirtioNet::deliver(const std::vector<u8>& frame) {
  std::vector<u8> packet(kHeaderBytes);
  packet.insert(packet.end(), frame.begin(), frame.end());
  std::vector<VirtqueueChain> chains;
  for (u64 room = 0; room < packet.size(); room += chains.back().writable_bytes) {
    if (!take(kReceive, chains.emplace_back())) {
      queue(kReceive).unpop(static_cast<u16>(chains.size() - 1));
      return false;
    }
    // 5.1.6.3.1: a buffer without mergeable ones holds any frame; the header never straddles buffers.
    const u64 least = chains.size() > 1 ? 1 : negotiated(kMergeable) ? kHeaderBytes : packet.size();
    if (chains.back().writable_bytes < least) {
      broken();
      return false;
    }
  }
  packet[kBufferCountAt] = static_cast<u8>(chains.size());
  packet[kBufferCountAt + 1] = static_cast<u8>(chains.size() >> 8);
  probe().report(observe::EventKind::FrameReceived, frame.size());
  size_t done = 0;
  for (const VirtqueueChain& chain : chains) {
    const size_t part = scatter(dma(), chain.writable, 0, &packet[done], packet.size() - done);
    done += part;
    if (done < packet.size()) {
      queue(kReceive).push(chain.head, static_cast<u32>(part));
    } else {
      complete(kReceive, chain.head, static_cast<u32>(part));
    }
  }
  return true;
}

void VirtioNet::link_changed(bool up) {
  set_config<u16>(kStatusAt, up ? kLinkUp : 0);
  config_changed();
}

}  // namespace hvlab::devices
