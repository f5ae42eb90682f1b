// Disks: threads that wait for their requests, on top of a driver that does not wait.
#pragma once

#include "hv-models/drivers/disk.hpp"
#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/node.hpp"
#include "hv-models/kernel/wait_queue.hpp"

namespace hvlab::kernel {

using drivers::kSectorBytes;

struct RequestTag {};
struct DiskRequest : drivers::DiskRequest, Link<RequestTag> {
  bool done = false;
  /// Instead of a thread that waits: called when it is done, by the driver's interrupt handler.
  void (*finished)(DiskRequest& request) = nullptr;
};

class Disk {
 public:
  explicit Disk(drivers::Disk& device);
  u64 sectors() const { return device_.sectors(); }
  /// Moves `count` sectors (any number) between the disk and `memory`, which lies in the direct map; waits
  /// for it.
  int transfer(DiskRequest::Kind kind, u64 sector, u64 count, void* memory);
  int flush();
  /// Begins a request of at most kMostSectors whose `finished` is set, and returns. It and its memory are the
  /// disk's until then.
  void submit(DiskRequest& request);

 private:
  int perform(DiskRequest& request);
  void complete(DiskRequest& request);
  void start_more();
  drivers::Disk& device_;
  runtime::SpinLock lock_;
  List<DiskRequest, RequestTag> waiting_;
  WaitQueue done_;
};

/// Finds all disks, names them, and makes them files in /dev.
void find_disks();

/// Number `number` of the disks, in the order in which they were found; nullptr if there are fewer.
Disk* disk_number(unsigned number);
/// The disk behind a device file; nullptr if it is none.
Disk* disk_of(Node& node);

}  // namespace hvlab::kernel
