#include "hv-models/monolithic/disks.hpp"

#include "hv-models/drivers/disk.hpp"
#include "hv-models/monolithic/disk_steps.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/list.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::monolithic {
namespace {

using devices::DiskJob;
using runtime::Hold;

struct RunTag {};

/// A job on its way through the driver, a piece of memory after the other.
struct Run : drivers::DiskRequest, runtime::Link<RunTag> {
  DiskJob* job = nullptr;  // null: free
  struct Part* part = nullptr;
  DiskSteps steps;
  u8* buffer = nullptr;  // once it was needed
};

struct Part {
  hypervisor::VirtualMachine* machine = nullptr;
  u64 first = 0, sectors = 0;
  static constexpr unsigned kMostRuns = 40;  // more than a model has jobs
  Run runs[kMostRuns];
};

drivers::Disk* disk = nullptr;
Part parts[hypervisor::kMostMachines];
u64 part_sectors = 0;
runtime::SpinLock lock;  // of the runs; a machine's lock may be held when it is taken
runtime::List<Run, RunTag> waiting;

// What goes to the driver next; false if there is no memory for a buffer that it needs.
bool prepare(Run& run) {
  if (run.steps.needs_buffer() && run.buffer == nullptr) {
    run.buffer = static_cast<u8*>(runtime::allocate_zeroed_page());
    if (run.buffer == nullptr) return false;
  }
  run.kind = static_cast<drivers::DiskRequest::Kind>(run.job->kind);
  run.sector = run.part->first + run.job->sector + run.steps.sectors_done();
  u8* memory = run.steps.next(run.buffer);
  run.sectors = run.steps.sectors();
  run.memory = memory != nullptr ? runtime::physical(memory) : 0;
  return true;
}

// Lock held.
void pump() {
  while (Run* first = waiting.front()) {
    if (!disk->start(*first)) return;
    waiting.remove(*first);
  }
}

void end(Run& run, bool failed) {
  DiskJob* job = run.job;
  hypervisor::VirtualMachine& machine = *run.part->machine;
  run.job = nullptr;
  const Hold hold(machine.lock);
  job->failed = failed;
  job->done(*job);
}

// By the driver's interrupt handler.
void done(void*, drivers::DiskRequest& request) {
  Run& run = static_cast<Run&>(request);
  const bool more = !run.failed && run.steps.finish(run.buffer);
  if (!more || !prepare(run)) return end(run, run.failed || more);
  const Hold hold(lock);
  waiting.push_back(run);
  pump();
}

void room(void*) {
  const Hold hold(lock);
  pump();
}

// By a device model, its machine's lock held. There are more runs than jobs.
void start(void* context, DiskJob& job) {
  Part& part = *static_cast<Part*>(context);
  Run* run = part.runs;
  while (run->job != nullptr) ++run;
  run->job = &job;
  run->part = &part;
  run->steps.begin(job);
  if (!prepare(*run)) {
    run->job = nullptr;
    job.failed = true;
    return job.done(job);
  }
  const Hold hold(lock);
  waiting.push_back(*run);
  pump();
}

void found(drivers::Disk& device) {
  if (disk != nullptr) return;
  disk = &device;
  device.set_user({done, room, nullptr});
}

}  // namespace

void find_disk(unsigned count) {
  char how[8];
  const bool pio = runtime::command_line_value("ide", how, sizeof how) && strcmp(how, "pio") == 0;
  drivers::find_ide_disks(pio ? drivers::IdeTransfer::Pio : drivers::IdeTransfer::Dma, found);
  drivers::find_virtio_disks(found);
  if (disk == nullptr) return;
  part_sectors = disk->sectors() / count;
  runtime::print("HVLAB hypervisor disk=%s sectors=%lu each=%lu\n", disk->kind(), disk->sectors(),
                 part_sectors);
}

devices::DiskBackend disk_part(hypervisor::VirtualMachine& machine, unsigned number) {
  Part& part = parts[number - 1];
  part.machine = &machine;
  part.first = (number - 1) * part_sectors;
  part.sectors = part_sectors;
  runtime::mark<arch::mark::Kind::VmDisk>(arch::mark::vcpu_id(number, 0),
                                          arch::mark::disk_sector(0, part.first));
  return {part_sectors, start, &part};
}

}  // namespace hvlab::monolithic
