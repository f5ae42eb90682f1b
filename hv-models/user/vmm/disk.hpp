// A guest's disk: a part of a disk or a file of the host's, by the host's system calls, which wait; so a
// thread of its own does them, and the guest goes on meanwhile.
#pragma once

#include "hv-models/devices/services.hpp"
#include "hv-models/user/library/threads.hpp"

namespace vmm {

class Disk {
 public:
  /// `mutex`: the devices', held when a job is started, and taken to say that it is done.
  explicit Disk(user::Mutex& mutex) : mutex_(mutex) {}
  /// The part `index` of `count` equal ones of what is at `path`: 0 or an error.
  long open(const char* path, unsigned index, unsigned count);
  hvlab::devices::DiskBackend backend();
  /// The sector of the whole at which the part begins.
  uint64_t first() const { return first_; }

 private:
  using Job = hvlab::devices::DiskJob;
  static constexpr uint64_t kBufferBytes = 64 * 1024;
  static constexpr unsigned kMostJobs = 64;  // more than the models have at a time
  void start(Job& job);
  [[noreturn]] void serve();
  bool perform(const Job& job) const;
  bool move(Job::Kind kind, uint8_t* memory, uint64_t bytes, uint64_t at) const;
  bool perform_in_parts(const Job& job, uint64_t at) const;

  user::Mutex& mutex_;
  user::Waiters arrival_;
  int file_ = -1;
  uint64_t first_ = 0, sectors_ = 0;
  Job* jobs_[kMostJobs] = {};
  unsigned put_ = 0, taken_ = 0;
  uint8_t* buffer_ = nullptr;  // for pieces that are no whole sectors
};

}  // namespace vmm
