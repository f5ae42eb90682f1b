// The virtio network device: one pair of queues and a control queue, mergeable receive buffers, checksums and
// TCP segmentation as a card does them. VIRTIO 1.2, section 5.1.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <vector>

#include "sim/devices/virtio_net_filter.hpp"
#include "sim/devices/virtio_pci.hpp"
#include "sim/ports/frame_link.hpp"

namespace hvlab::devices {

class VirtioNet final : public VirtioPci, private FrameClient {
 public:
  VirtioNet(const PciServices& services, FrameLink& link, const MacBytes& mac);

  struct Sending {
    u16 head = 0;
    u32 bytes = 0;
    bool last = true;  // of the packet: its buffer returns with this frame
  };
  struct State {
    VirtioNetFilter filter;
    std::map<u64, Sending> sending;       // by frame id
    std::deque<std::vector<u8>> waiting;  // received, no buffer yet
    u64 next_id = 1;
    u64 dropped = 0;  // received frames for which there was no room
  };
  State& state() { return state_; }
  const State& state() const { return state_; }

 private:
  void queue_notified(u16 queue) override;
  bool features_fit(u64 features) const override;
  void device_reset() override;
  void frame_received(std::span<const u8> frame) override;
  void frame_sent(u64 id) override;
  void link_changed(bool up) override;

  void transmit();
  void send(const VirtqueueChain& chain);
  void control();
  u8 obey(const VirtqueueChain& chain);
  void show_mac();
  void receive();
  bool deliver(const std::vector<u8>& frame);

  FrameLink& link_;
  const MacBytes mac_;  // as built
  State state_;
};

}  // namespace hvlab::devices
