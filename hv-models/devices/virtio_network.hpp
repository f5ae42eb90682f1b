// A virtio network card (VIRTIO 1.2, 5.1): a queue each way, nothing offloaded.
#pragma once

#include "hv-models/devices/virtio.hpp"

namespace hvlab::devices {

class VirtioNetwork {
 public:
  VirtioNetwork(const GuestMemory& memory, const Line& line, const NetworkBackend& wire, u32 address);
  VirtioPci& pci() { return pci_; }
  /// Offset of the register whose writes say that there are frames to send.
  static constexpr u32 kSendDoorbell = VirtioPci::kNotifyAt + VirtioPci::kNotifyStep * 1;
  /// False while it is on and its ring is empty.
  bool has_room();
  /// A frame for the guest. False if it has no room for it.
  bool receive(const u8* frame, u32 bytes);

  /// Frames that the last turn was too short for; see Board::catch_up().
  bool is_late() const { return late_; }
  void catch_up();

 private:
  void transmit();
  NetworkBackend wire_;
  VirtioPci pci_;
  bool late_ = false;
};

}  // namespace hvlab::devices
