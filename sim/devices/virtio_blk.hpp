// The virtio block device over a medium that takes its time. VIRTIO 1.2, section 5.2.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/devices/virtio_pci.hpp"
#include "sim/ports/block_medium.hpp"

namespace hvlab::devices {

class VirtioBlk final : public VirtioPci, private BlockClient {
 public:
  /// `serial` is what GET_ID answers, at most 20 bytes of it.
  VirtioBlk(const PciServices& services, BlockMedium& medium, const std::string& serial);

  /// A request at the medium.
  struct Request {
    u64 id = 0;
    u16 head = 0;
    u32 type = 0;
    u64 bytes = 0;
    u64 writable_bytes = 0;
    std::vector<VirtqueueSegment> writable;
  };
  struct State {
    std::map<u64, Request> in_flight;  // by id
    u64 next_id = 1;
    u64 bytes_in_flight = 0;
  };
  State& state() { return state_; }
  const State& state() const { return state_; }

 private:
  void queue_notified(u16 queue) override;
  void device_reset() override;
  void block_done(BlockCompletion completion) override;

  void start(const VirtqueueChain& chain);
  bool plan(const VirtqueueChain& chain, u64 sector, Request& request, BlockRequest& block, u8& status);
  bool plan_discard(const VirtqueueChain& chain, BlockRequest& block, u8& status);
  bool in_range(u64 sector, u64 bytes) const;
  void finish(const Request& request, u8 status);

  BlockMedium& medium_;
  std::string serial_;
  State state_;
};

}  // namespace hvlab::devices
