// What all disks' drivers do: tell whoever watches the machine of their requests.
#include "hv-models/drivers/disk.hpp"

#include "hv-models/runtime/mark.hpp"

namespace hvlab::drivers {
namespace {

using Mark = arch::mark::Kind;
using arch::mark::DiskOperation;

unsigned disks = 0;

// Again for a request that had no room the last time.
void mark_start(const DiskRequest& request, unsigned disk) {
  constexpr DiskOperation kOperations[] = {DiskOperation::Read, DiskOperation::Write, DiskOperation::Flush};
  const u64 bytes = u64{request.sectors} * kSectorBytes;
  if (bytes != 0) runtime::mark<Mark::DiskMemory>(&request, request.memory, bytes);
  runtime::mark<Mark::DiskStart>(&request, arch::mark::disk_sector(disk, request.sector),
                                 arch::mark::disk_size(kOperations[static_cast<u8>(request.kind)], bytes));
}

}  // namespace

Disk::Disk(const char* kind, u64 sectors) : kind_(kind), sectors_(sectors), number_(disks++) {}

bool Disk::start(DiskRequest& request) {
  mark_start(request, number_);
  return begin(request);
}

void Disk::done(DiskRequest& request, bool failed) const {
  runtime::mark<Mark::DiskDone>(&request);
  request.failed = failed;
  user_.done(user_.context, request);
}

}  // namespace hvlab::drivers
