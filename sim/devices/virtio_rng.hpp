// The virtio entropy device. VIRTIO 1.2, section 5.4. Its bytes follow from the seed, so that runs repeat.
#pragma once

#include "sim/devices/virtio_pci.hpp"

namespace hvlab::devices {

class VirtioRng final : public VirtioPci {
 public:
  VirtioRng(const PciServices& services, u64 seed);

  struct State {
    u64 generator = 0;
    u64 next_id = 1;
  };
  State& state() { return state_; }

 private:
  void queue_notified(u16 queue) override;
  void device_reset() override {}
  u64 next();

  State state_;
};

}  // namespace hvlab::devices
