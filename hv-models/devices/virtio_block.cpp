#include "hv-models/devices/virtio_block.hpp"

namespace hvlab::devices {
namespace {

constexpr u64 kHasSizeLimit = u64{1} << 1, kHasSegmentLimit = u64{1} << 2, kHasFlush = u64{1} << 9;
constexpr u32 kMostSegments = 34;  // each in two places of the host's memory at most
static_assert(2 * kMostSegments <= DiskJob::kMostPieces && kMostSegments + 2 <= VirtioChain::kMostParts);
enum : u32 { kIn = 0, kOut = 1, kFlush = 4, kGetId = 8 };
enum : u8 { kOk = 0, kFailed = 1, kUnsupported = 2 };

struct Header {
  u32 type, reserved;
  u64 sector;
};

const VirtioKind kKind = {2, 0x018000, kHasFlush | kHasSegmentLimit | kHasSizeLimit, 1, nullptr, nullptr};

}  // namespace

VirtioBlock::VirtioBlock(const GuestMemory& memory, const Line& line, const DiskBackend& disk, u32 address)
    : disk_(disk),
      pci_(memory, line,
           {kKind.type, kKind.class_code, kKind.features, kKind.queues,
            [](void* self, u16) { static_cast<VirtioBlock*>(self)->look(); },
            [](void* self) { ++static_cast<VirtioBlock*>(self)->generation_; }},
           this, address) {
  __builtin_memcpy(pci_.configuration, &disk.sectors, sizeof disk.sectors);
  const u32 limits[] = {VirtioChain::kLongestPart, kMostSegments};
  __builtin_memcpy(pci_.configuration + 8, limits, sizeof limits);
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

// As long as there are requests and jobs for them, but no more than a queue of them: another processor of the
// guest may go on and on adding some. Jobs may be done before start() returns, and look again.
void VirtioBlock::look() {
  if (looking_) return;
  looking_ = true;
  VirtioChain chain;
  VirtioQueue& queue = pci_.queue(0);
  unsigned left = queue.size;
  do {
    queue.set_notification(pci_.memory(), false);
    for (; left > 0 && free_job() != nullptr && pci_.is_running() && queue.take(pci_.memory(), chain); --left)
      begin(chain);
    late_ = pci_.is_running() && queue.set_notification(pci_.memory(), true) && free_job() != nullptr;
  } while (late_ && left > 0);
  looking_ = false;
}

void VirtioBlock::catch_up() {
  if (late_) look();
}

void VirtioBlock::begin(VirtioChain& chain) {
  Header header;
  // The status is the last byte of the last part (5.2.6).
  PieceFront& written = chain.writable;
  if (chain.broken || chain.readable.read(&header, sizeof header) < sizeof header || written.count == 0)
    return pci_.fail();
  Piece& last = written.pieces[written.count - 1];
  Job& job = *free_job();
  job.head = chain.head;
  job.status = last.at + --last.bytes;
  job.written = 0;
  job.generation = generation_;
  if (last.bytes == 0) --written.count;
  if (const u8 error = prepare(job, header.type, header.sector, chain); error != kOk) {
    *job.status = error;
    if (pci_.queue(0).give_back(pci_.memory(), job.head, 1)) pci_.interrupt();
    return;
  }
  job.busy = true;
  disk_.start(disk_.context, job);
}

u8 VirtioBlock::prepare(Job& job, u32 type, u64 sector, const VirtioChain& chain) const {
  if (type != kIn && type != kOut && type != kFlush) return kUnsupported;
  job.kind = type == kIn ? DiskJob::Kind::Read : type == kOut ? DiskJob::Kind::Write : DiskJob::Kind::Flush;
  job.failed = false;
  job.sector = sector;
  job.count = 0;
  if (type == kFlush) return kOk;
  const PieceFront& data = type == kIn ? chain.writable : chain.readable;
  const u64 bytes = data.bytes(), sectors = bytes / kSectorBytes;
  if (data.count > DiskJob::kMostPieces || bytes == 0 || bytes % kSectorBytes != 0 ||
      sector >= disk_.sectors || sectors > disk_.sectors - sector)
    return kFailed;
  for (unsigned i = 0; i < data.count; ++i) job.pieces[job.count++] = data.pieces[i];
  job.written = type == kIn ? static_cast<u32>(bytes) : 0;
  return kOk;
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
