// The virtio network device: one pair of queues, mergeable receive buffers, no offloads, promiscuous (it has
// no control queue). VIRTIO 1.2, section 5.1.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <vector>

#include "sim/devices/virtio_pci.hpp"
#include "sim/ports/frame_link.hpp"

namespace hvlab::devices {

class VirtioNet final : public VirtioPci, private FrameClient {
 public:
  VirtioNet(const PciServices& services, FrameLink& link, const std::array<u8, 6>& mac);

  struct Sending {
    u16 head = 0;
    u32 bytes = 0;
  };
  struct State {
    std::map<u64, Sending> sending;       // by frame id
    std::deque<std::vector<u8>> waiting;  // received, no buffer yet
    u64 next_id = 1;
    u64 dropped = 0;  // received frames for which there was no room
  };
  State& state() { return state_; }

 private:
  void queue_notified(u16 queue) override;
  void device_reset() override;
  void frame_received(std::span<const u8> frame) override;
  void frame_sent(u64 id) override;
  void link_changed(bool up) override;

  void transmit();
  void receive();
  bool deliver(const std::vector<u8>& frame);

  FrameLink& link_;
  State state_;
};

}  // namespace hvlab::devices
