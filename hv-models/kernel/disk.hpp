// Disks: requests in a queue, started by a driver, completed by an interrupt.
#pragma once

#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/node.hpp"
#include "hv-models/kernel/wait_queue.hpp"

namespace hvlab::kernel {

inline constexpr u32 kSectorBytes = 512;

struct RequestTag {};
struct DiskRequest : Link<RequestTag> {
  enum class Kind : u8 { Read, Write, Flush };
  Kind kind = Kind::Read;
  u64 sector = 0;
  u32 sectors = 0;  // at most Disk::kMostSectors
  u64 memory = 0;   // physical address of the bytes, which lie in a row
  bool done = false;
  int result = 0;  // 0 or an Error
};

class Disk {
 public:
  static constexpr u32 kMostSectors = 32;

  virtual ~Disk() = default;
  u64 sectors() const { return sectors_; }
  /// Moves `count` sectors (any number) between the disk and `memory`, which lies in the direct map; waits
  /// for it.
  int transfer(DiskRequest::Kind kind, u64 sector, u64 count, void* memory);
  int flush();

 protected:
  u64 sectors_ = 0;
  /// Gives the request to the device, without waiting; false: it takes no more now. Called with the queue
  /// locked.
  virtual bool start(DiskRequest& request) = 0;
  /// By the driver's interrupt handler, none of its locks held.
  void complete(DiskRequest& request, int result);
  /// The device may have room again.
  void start_more();

 private:
  int perform(DiskRequest& request);
  runtime::SpinLock lock_;
  List<DiskRequest, RequestTag> waiting_;
  WaitQueue done_;
};

/// Names a disk that a driver found, and makes it a file in /dev.
void add_disk(Disk& disk, const char* kind);

/// The disk behind a device file; nullptr if it is none.
Disk* disk_of(Node& node);

/// Finds and starts all disks (ide.cpp, virtio_disk.cpp).
void find_ide_disks();
void find_virtio_disks();

}  // namespace hvlab::kernel
