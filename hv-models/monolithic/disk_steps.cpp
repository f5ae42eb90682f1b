#include "hv-models/monolithic/disk_steps.hpp"

#include "hv-models/drivers/disk.hpp"

namespace hvlab::monolithic {

using devices::DiskJob;
using devices::kSectorBytes;

void DiskSteps::begin(DiskJob& job) {
  *this = {};
  kind_ = job.kind;
  if (kind_ != DiskJob::Kind::Flush) left_ = {job.pieces, job.count};
}

bool DiskSteps::needs_buffer() const {
  return left_.count > 0 && (left_.pieces->bytes < kSectorBytes ||
                             reinterpret_cast<__UINTPTR_TYPE__>(left_.pieces->at) % 2 != 0);
}

u8* DiskSteps::next(u8* buffer) {
  buffered_ = needs_buffer();
  sectors_ = 0;
  if (left_.count == 0) return nullptr;
  if (buffered_) {
    sectors_ = 1;
    if (kind_ == DiskJob::Kind::Write) left_.read(buffer, kSectorBytes);
    return buffer;
  }
  const u32 whole = left_.pieces->bytes / kSectorBytes;
  sectors_ = whole < drivers::Disk::kMostSectors ? whole : drivers::Disk::kMostSectors;
  return left_.pieces->at;
}

bool DiskSteps::finish(const u8* buffer) {
  if (!buffered_) {
    left_.skip(u64{sectors_} * kSectorBytes);
  } else if (kind_ == DiskJob::Kind::Read) {
    left_.write(buffer, kSectorBytes);
  }
  done_ += sectors_;
  return left_.count > 0;
}

}  // namespace hvlab::monolithic
