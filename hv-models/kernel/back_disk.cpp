// The back end of a split disk. A thread takes requests out of the ring, maps the pages that they are about
// and hands them to the disk's driver, which moves the bytes between device and guest: nothing is copied.
// When the driver is done, its interrupt wakes the thread, which unmaps the pages and answers.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/kernel/back_ends.hpp"
#include "hv-models/kernel/disk.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/mark.hpp"

namespace hvlab::kernel {
namespace {

using namespace interdomain;
using runtime::Hold;

class BackDisk;

/// One request of the ring: a request to the driver for each of its pages, which do not lie in a row here.
struct Job {
  struct Part : DiskRequest {
    Job* job = nullptr;
  };
  BackDisk* disk = nullptr;
  u16 id = 0;
  bool busy = false, failed = false;
  unsigned left = 0;  // parts that the driver has
  unsigned pages = 0;
  MappedGrant mapped[DiskRing::kMostPages];
  Part parts[DiskRing::kMostPages];
  Job* next_done = nullptr;
};

class BackDisk {
 public:
  BackDisk(unsigned machine, u64 first, u64 sectors) : machine_(machine), first_(first), sectors_(sectors) {}
  bool begin();

 private:
  void run();
  bool connect();
  bool take_requests();
  bool answer_done();
  void start(const DiskRing::Request& r);
  bool is_right(const DiskRing::Request& r) const;
  bool map_pages(Job& job, const DiskRing::Request& r);
  void start_flush(Job& job);
  void start_parts(Job& job, const DiskRing::Request& r);
  void part_done(Job& job, bool failed);
  void finish(Job& job);
  Job* free_job();

  unsigned machine_;
  u64 first_, sectors_;
  bool connected_ = false;
  MappedGrant ring_page_;
  DiskRing::Back ring_;
  runtime::SpinLock lock_;  // of what follows
  WaitQueue work_;
  bool told_ = true;
  Job* done_ = nullptr;
  Job jobs_[DiskRing::Page::kEntries];
};

bool BackDisk::begin() {
  for (Job& job : jobs_) job.disk = this;
  drivers::connect_channel(
      channel_of(machine_, Split::Disk),
      [](void* self) {
        BackDisk& disk = *static_cast<BackDisk*>(self);
        const Hold hold(disk.lock_);
        disk.told_ = true;
        disk.work_.wake_one();
      },
      this);
  Thread* thread = create_thread([](void* self) { static_cast<BackDisk*>(self)->run(); }, this);
  if (thread != nullptr) make_ready(*thread);
  return thread != nullptr;
}

void BackDisk::run() {
  for (;;) {
    {
      const Hold hold(lock_);
      while (!told_ && done_ == nullptr) work_.wait(lock_, Waiting::UntilDone);
      told_ = false;
    }
    if (!connected_ && !connect()) continue;
    bool notify = answer_done();
    do {
      while (take_requests()) {
      }
    } while (ring_.wait());
    notify = answer_done() || notify;
    if (notify) drivers::notify_channel(channel_of(machine_, Split::Disk));
  }
}

bool BackDisk::connect() {
  FrontOffer offer = {};
  if (!read_front(machine_, Split::Disk, offer) || !ring_page_.map(machine_, offer.rings[0], true))
    return false;
  ring_.set_up(runtime::direct<DiskRing::Page>(ring_page_.physical()));
  connected_ = true;
  return true;
}

bool BackDisk::take_requests() {
  DiskRing::Request request = {};
  if (!ring_.take(request)) return false;
  start(request);
  return true;
}

// There is one for each request that the ring can hold.
Job* BackDisk::free_job() {
  const Hold hold(lock_);
  for (Job& job : jobs_) {
    if (job.busy) continue;
    job.busy = true;
    job.failed = false;
    job.pages = 0;
    return &job;
  }
  return nullptr;
}

// Nothing that the front end says is believed.
bool BackDisk::is_right(const DiskRing::Request& r) const {
  if (r.kind == DiskKind::Flush) return true;
  const u64 bytes = u64{r.sectors} * kSectorBytes;
  return (r.kind == DiskKind::Read || r.kind == DiskKind::Write) && r.sectors > 0 &&
         r.sectors <= drivers::Disk::kMostSectors && r.sector < sectors_ &&
         r.sectors <= sectors_ - r.sector && r.pages > 0 && r.pages <= DiskRing::kMostPages &&
         r.offset < kPageBytes && r.offset % kSectorBytes == 0 && r.offset + bytes <= r.pages * kPageBytes &&
         r.offset + bytes > (r.pages - 1u) * kPageBytes;
}

bool BackDisk::map_pages(Job& job, const DiskRing::Request& r) {
  for (; job.pages < r.pages; ++job.pages) {
    if (!job.mapped[job.pages].map(machine_, r.grants[job.pages], r.kind == DiskKind::Read)) return false;
  }
  return true;
}

void BackDisk::start(const DiskRing::Request& r) {
  Job& job = *free_job();
  job.id = r.id;
  if (!is_right(r) || (r.kind != DiskKind::Flush && !map_pages(job, r))) {
    job.left = 1;
    return part_done(job, true);
  }
  if (r.kind == DiskKind::Flush) return start_flush(job);
  start_parts(job, r);
}

void hand_over(Job& job, Job::Part& part, DiskRequest::Kind kind, u64 sector, u32 sectors, u64 memory,
               void (*finished)(DiskRequest&)) {
  part = {};
  part.job = &job;
  part.kind = kind;
  part.sector = sector;
  part.sectors = sectors;
  part.memory = memory;
  part.finished = finished;
  disk_number(0)->submit(part);
}

void BackDisk::start_flush(Job& job) {
  job.left = 1;
  hand_over(job, job.parts[0], DiskRequest::Kind::Flush, 0, 0, 0, [](DiskRequest& request) {
    Job& of = *static_cast<Job::Part&>(request).job;
    of.disk->part_done(of, request.failed);
  });
}

void BackDisk::start_parts(Job& job, const DiskRing::Request& r) {
  job.left = job.pages;
  u64 sector = first_ + r.sector, bytes = u64{r.sectors} * kSectorBytes, offset = r.offset;
  const unsigned pages = job.pages;  // the last part may be done, and the job another's, before the loop ends
  for (unsigned i = 0; i < pages; ++i) {
    const u64 part = bytes < kPageBytes - offset ? bytes : kPageBytes - offset;
    hand_over(job, job.parts[i], static_cast<DiskRequest::Kind>(r.kind), sector,
              static_cast<u32>(part / kSectorBytes), job.mapped[i].physical() + offset,
              [](DiskRequest& request) {
                Job& of = *static_cast<Job::Part&>(request).job;
                of.disk->part_done(of, request.failed);
              });
    sector += part / kSectorBytes;
    bytes -= part;
    offset = 0;
  }
}

// By the driver's interrupt handler, or by the thread for what never reached it.
void BackDisk::part_done(Job& job, bool failed) {
  const Hold hold(lock_);
  job.failed = job.failed || failed;
  if (--job.left != 0) return;
  job.next_done = done_;
  done_ = &job;
  work_.wake_one();
}

bool BackDisk::answer_done() {
  Job* list = nullptr;
  {
    const Hold hold(lock_);
    list = done_;
    done_ = nullptr;
  }
  bool notify = false;
  while (list != nullptr) {
    Job& job = *list;
    list = job.next_done;
    for (unsigned i = 0; i < job.pages; ++i) job.mapped[i].unmap();
    notify = ring_.answer({job.id, static_cast<u16>(job.failed ? 1 : 0)}) || notify;
    const Hold hold(lock_);
    job.busy = false;
  }
  return notify;
}

}  // namespace

void serve_disk(unsigned machine, u64 first, u64 sectors) {
  BackDisk* disk = new (std::nothrow) BackDisk(machine, first, sectors);
  if (disk == nullptr || !disk->begin()) return;
  runtime::mark<arch::mark::Kind::VmDisk>(arch::mark::vcpu_id(machine, 0), arch::mark::disk_sector(0, first));
  const BackOffer offer{sectors, {}, 1, 0};
  make_offer(machine, Split::Disk, offer);
}

}  // namespace hvlab::kernel
