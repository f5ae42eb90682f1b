#include "hv-models/devices/virtio_block.hpp"

namespace hvlab::devices {
namespace {

constexpr u64 kHasSegmentLimit = u64{1} << 2, kHasFlush = u64{1} << 9;
enum : u32 { kIn = 0, kOut = 1, kFlush = 4, kGetId = 8 };
enum : u8 { kOk = 0, kFailed = 1, kUnsupported = 2 };

struct Header {
  u32 type, reserved;
  u64 sector;
};

const VirtioKind kKind = {2, 0x018000, kHasFlush | kHasSegmentLimit, 1, nullptr, nullptr};

}  // namespace

VirtioBlock::VirtioBlock(const GuestMemory& memory, const Line& line, const DiskBackend& disk, u32 address)
    : disk_(disk),
      pci_(memory, line,
           {kKind.type, kKind.class_code, kKind.features, kKind.queues,
            [](void* self, u16) { static_cast<VirtioBlock*>(self)->look(); },
            [](void* self) { ++static_cast<VirtioBlock*>(self)->generation_; }},
           this, address) {
  __builtin_memcpy(pci_.configuration, &disk.sectors, sizeof disk.sectors);
  const u32 segments = DiskJob::kMostPieces;
  __builtin_memcpy(pci_.configuration + 12, &segments, sizeof segments);
  for (Job& job : jobs_) {
    job.model = this;
    job.done = [](DiskJob& each) {
      static_cast<VirtioBlock*>(each.model)->finished(static_cast<Job&>(each));
    };
  }
}

VirtioBlock::Job* VirtioBlock::free_job() {
  for (Job& job : jobs_) {
    if (!job.busy) return &job;
  }
  return nullptr;
}

// As long as there are requests and jobs for them. Jobs may be done before start() returns, and look again.
void VirtioBlock::look() {
  if (looking_) return;
  looking_ = true;
  VirtioChain chain;
  VirtioQueue& queue = pci_.queue(0);
  do {
    queue.set_notification(pci_.memory(), false);
    while (free_job() != nullptr && queue.take(pci_.memory(), chain)) {
      if (!begin(chain)) break;
    }
  } while (queue.set_notification(pci_.memory(), true) && free_job() != nullptr);
  looking_ = false;
}

bool VirtioBlock::begin(const VirtioChain& chain) {
  Job& job = *free_job();
  job.head = chain.head;
  job.status = nullptr;
  job.written = 0;
  job.busy = true;
  job.generation = generation_;
  u8 error = kOk;
  if (prepare(job, chain, error)) {
    disk_.start(disk_.context, job);
    return true;
  }
  job.busy = false;
  if (job.status != nullptr) *job.status = error;
  if (pci_.queue(0).give_back(pci_.memory(), job.head, job.status != nullptr ? 1 : 0)) pci_.interrupt();
  return true;
}

// Header, data, and a byte for the status (5.2.6).
bool VirtioBlock::prepare(Job& job, const VirtioChain& chain, u8& error) {
  const unsigned parts = chain.readable + chain.writable;
  if (chain.broken || chain.readable == 0 || chain.writable == 0 || chain.parts[0].bytes != sizeof(Header) ||
      chain.parts[parts - 1].bytes < 1)
    return false;
  job.status = chain.parts[parts - 1].at;
  Header header;
  __builtin_memcpy(&header, chain.parts[0].at, sizeof header);
  error = kUnsupported;
  if (header.type != kIn && header.type != kOut && header.type != kFlush) return false;
  job.kind = header.type == kIn    ? DiskJob::Kind::Read
             : header.type == kOut ? DiskJob::Kind::Write
                                   : DiskJob::Kind::Flush;
  job.failed = false;
  job.sector = header.sector;
  job.count = 0;
  error = kFailed;
  const unsigned first = header.type == kIn ? chain.readable : 1,
                 last = header.type == kIn ? parts - 1 : chain.readable;
  if (header.type == kFlush) return true;
  if (last - first > DiskJob::kMostPieces) return false;
  for (unsigned i = first; i < last; ++i) job.pieces[job.count++] = chain.parts[i];
  const u64 bytes = job.bytes(), sectors = bytes / kSectorBytes;
  if (bytes == 0 || bytes % kSectorBytes != 0 || job.sector >= disk_.sectors ||
      sectors > disk_.sectors - job.sector)
    return false;
  job.written = header.type == kIn ? static_cast<u32>(bytes) : 0;
  return true;
}

void VirtioBlock::finished(Job& job) {
  job.busy = false;
  if (job.generation == generation_) {
    *job.status = job.failed ? kFailed : kOk;
    if (pci_.queue(0).give_back(pci_.memory(), job.head, job.written + 1)) pci_.interrupt();
  }
  look();
}

}  // namespace hvlab::devices
