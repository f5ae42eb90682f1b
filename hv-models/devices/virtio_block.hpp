// A virtio block device (VIRTIO 1.2, 5.2).
#pragma once

#include "hv-models/devices/virtio.hpp"

namespace hvlab::devices {

class VirtioBlock {
 public:
  VirtioBlock(const GuestMemory& memory, const Line& line, const DiskBackend& disk, u32 address);
  VirtioPci& pci() { return pci_; }

  /// Requests that the last turn was too short for; see Board::catch_up().
  bool is_late() const { return late_; }
  void catch_up();

 private:
  static constexpr unsigned kMostJobs = 32;
  struct Job : DiskJob {
    u16 head = 0;
    u8* status = nullptr;
    u32 written = 0;
    bool busy = false;
    unsigned generation = 0;  // of the device's resets: what began before one is forgotten
  };
  void look();
  void begin(VirtioChain& chain);
  u8 prepare(Job& job, u32 type, u64 sector, const VirtioChain& chain) const;
  void finished(Job& job);
  Job* free_job();

  DiskBackend disk_;
  VirtioPci pci_;
  Job jobs_[kMostJobs];
  unsigned generation_ = 0;
  bool looking_ = false, late_ = false;
};

}  // namespace hvlab::devices
