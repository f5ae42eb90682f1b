#include "sim/devices/virtio_net.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/bits.hpp"
#include "sim/devices/virtio_net_offload.hpp"

namespace hvlab::devices {

using namespace virtio::net;

namespace {

constexpr size_t kWaitingMax = 256;
constexpr u64 kLongestCommand = 65'536;
constexpr u64 kFeatures = kChecksum | kGuestChecksum | kMac | kSegment4 | kSegment6 | kMergeable | kStatus |
                          kControl | kReceiveMode | kReceiveModeExtra | kVlanFilter | kSetMac | kSpeedDuplex;

}  // namespace

VirtioNet::VirtioNet(const PciServices& services, FrameLink& link, const MacBytes& mac)
    : VirtioPci({.type = virtio::Type::Net,
                 .class_code = 0x02'0000,
                 .features = kFeatures,
                 .queues = kQueues,
                 .queue_size = 256,
                 .config_bytes = kConfigBytes},
                services),
      link_(link),
      mac_(mac),
      state_{.filter = VirtioNetFilter(mac), .sending = {}, .waiting = {}} {
  show_mac();
  set_config<u16>(kLinkStatusAt, link.up() ? kLinkUp : 0);
  set_config<u32>(kSpeedAt, static_cast<u32>(link.bits_per_second() / 1'000'000));
  set_config<u8>(kDuplexAt, 1);
  link.attach(*this);
}

void VirtioNet::show_mac() {
  for (u32 i = 0; i < 6; ++i) set_config<u8>(kMacAt + i, state_.filter.mac()[i]);
}

void VirtioNet::device_reset() {
  link_.abandon();
  state_.sending.clear();
  state_.waiting.clear();
  state_.filter = VirtioNetFilter(mac_);
  show_mac();
}

bool VirtioNet::features_fit(u64 features) const {
  return std::ranges::all_of(kRequirements, [features](const Requirement& requirement) {
    return (features & requirement.feature) == 0 || (features & requirement.needs) != 0;
  });
}

void VirtioNet::queue_notified(u16 index) {
  switch (index) {
    case kTransmit: return transmit();
    case kControlQueue: return control();
    default: return receive();
  }
}

void VirtioNet::transmit() {
  drain(kTransmit, [this](const VirtqueueChain& chain) { send(chain); });
}

void VirtioNet::send(const VirtqueueChain& chain) {
  const u64 bytes = chain.readable_bytes - sizeof(Header);  // wraps where there is less: dropped as too long
  if (bytes > longest_packet(negotiated())) {
    complete(kTransmit, chain.head, 0);
    return;
  }
  Header header;
  std::vector<u8> packet(bytes);
  gather(dma(), chain.readable, 0, &header, sizeof header);
  gather(dma(), chain.readable, sizeof header, packet.data(), packet.size());
  std::vector<std::vector<u8>> frames = outgoing_frames(header, std::move(packet), negotiated());
  if (frames.empty()) {
    complete(kTransmit, chain.head, 0);
    return;
  }
  for (std::vector<u8>& frame : frames) {
    const u64 id = state_.next_id++;
    state_.sending.emplace(id, Sending{chain.head, static_cast<u32>(frame.size()), &frame == &frames.back()});
    link_.send(id, std::move(frame));
  }
}

/// 5.1.6.5: commands are obeyed in order, each before it is returned.
void VirtioNet::control() {
  if (!negotiated(kControl)) return;
  drain(kControlQueue, [this](const VirtqueueChain& chain) {
    if (chain.readable_bytes < 2 || chain.writable_bytes < 1) return broken();
    const u8 answer = obey(chain);
    scatter(dma(), chain.writable, 0, &answer, 1);
    complete(kControlQueue, chain.head, 1);
  });
}

u8 VirtioNet::obey(const VirtqueueChain& chain) {
  if (chain.readable_bytes > kLongestCommand) return kError;
  std::vector<u8> command(chain.readable_bytes);
  gather(dma(), chain.readable, 0, command.data(), command.size());
  const bool good = state_.filter.obey(command[0], command[1], std::span(command).subspan(2), negotiated());
  show_mac();
  return good ? kOk : kError;
}

void VirtioNet::frame_sent(u64 id) {
  const auto node = state_.sending.extract(id);
  if (node.empty() || !running()) return;
  probe().report(observe::EventKind::FrameSent, node.mapped().bytes);
  if (node.mapped().last) complete(kTransmit, node.mapped().head, 0);
}

void VirtioNet::frame_received(std::span<const u8> frame) {
  if (frame.size() < kShortestNetFrame || !state_.filter.accepts(frame, negotiated())) return;
  if (!running() || state_.waiting.size() >= kWaitingMax || frame.size() > kLongestNetFrame) {
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
  Header header;
  if (negotiated(kGuestChecksum) && checksum_proven(frame)) header.flags = kDataValid;
  const size_t packet_bytes = sizeof header + frame.size();
  std::vector<VirtqueueChain> chains;
  for (u64 room = 0; room < packet_bytes; room += chains.back().writable_bytes) {
    if (!take(kReceive, chains.emplace_back())) {
      queue(kReceive).unpop(static_cast<u16>(chains.size() - 1));
      return false;
    }
    // 5.1.6.3.1: a buffer without mergeable ones holds any frame; the header never straddles buffers.
    const u64 least = chains.size() > 1 ? 1 : negotiated(kMergeable) ? sizeof header : packet_bytes;
    if (chains.back().writable_bytes < least) {
      broken();
      return false;
    }
  }
  header.buffers = static_cast<u16>(chains.size());
  std::vector<u8> packet(packet_bytes);
  std::memcpy(packet.data(), &header, sizeof header);
  std::ranges::copy(frame, packet.begin() + sizeof header);
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
  set_config<u16>(kLinkStatusAt, up ? kLinkUp : 0);
  config_changed();
}

}  // namespace hvlab::devices
