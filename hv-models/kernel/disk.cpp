#include "hv-models/kernel/disk.hpp"

#include "hv-models/kernel/device_files.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

// A disk as a file: whole sectors only, never cached.
class DiskNode final : public Node {
 public:
  explicit DiskNode(Disk& disk) : Node(NodeKind::BlockDevice), disk_(disk) {}
  u64 size() override { return disk_.sectors() * kSectorBytes; }
  i64 read_at(u64 offset, void* to, size_t bytes) override {
    return move(DiskRequest::Kind::Read, offset, to, bytes);
  }
  i64 write_at(u64 offset, const void* from, size_t bytes) override {
    return move(DiskRequest::Kind::Write, offset, const_cast<void*>(from), bytes);
  }
  int truncate() override { return 0; }
  int sync() override { return disk_.flush(); }
  Disk& disk() { return disk_; }

 private:
  i64 move(DiskRequest::Kind what, u64 offset, void* memory, size_t bytes) {
    if (offset % kSectorBytes != 0 || bytes % kSectorBytes != 0) return kInvalid;
    if (offset >= size()) return what == DiskRequest::Kind::Read ? 0 : i64{kNoSpace};
    if (bytes > size() - offset) bytes = size() - offset;
    const int result = disk_.transfer(what, offset / kSectorBytes, bytes / kSectorBytes, memory);
    return result < 0 ? result : static_cast<i64>(bytes);
  }
  Disk& disk_;
};

constexpr unsigned kMostDisks = 16;
Disk* disks[kMostDisks] = {};
unsigned count = 0;

void add_disk(drivers::Disk& device) {
  if (count == kMostDisks) return;
  Disk* disk = new (std::nothrow) Disk(device);
  if (disk == nullptr) runtime::panic("no memory for a disk");
  char name[16];
  runtime::format_text(name, sizeof name, "disk%u", count);
  disks[count++] = disk;
  add_device_file(name, Ref<Node>::take(new (std::nothrow) DiskNode(*disk)));
  runtime::print("HVLAB kernel disk=%s kind=%s sectors=%lu\n", name, device.kind(), disk->sectors());
}

}  // namespace

Disk::Disk(drivers::Disk& device) : device_(device) {
  device.set_user({[](void* self, drivers::DiskRequest& request) {
                     static_cast<Disk*>(self)->complete(static_cast<DiskRequest&>(request));
                   },
                   [](void* self) {
                     Disk& disk = *static_cast<Disk*>(self);
                     const Hold hold(disk.lock_);
                     disk.start_more();
                   },
                   this});
}

int Disk::perform(DiskRequest& request) {
  const Hold hold(lock_);
  runtime::mark<arch::mark::Kind::DiskRequest>(static_cast<drivers::DiskRequest*>(&request),
                                               reinterpret_cast<u64>(&current_thread()));
  waiting_.push_back(request);
  start_more();
  while (!request.done) done_.wait(lock_, Waiting::UntilDone);  // the device writes to its memory until then
  return request.failed ? int{kInputOutput} : 0;
}

// Lock held.
void Disk::start_more() {
  while (DiskRequest* first = waiting_.front()) {
    if (!device_.start(*first)) return;
    waiting_.remove(*first);
  }
}

void Disk::submit(DiskRequest& request) {
  const Hold hold(lock_);
  runtime::mark<arch::mark::Kind::DiskRequest>(static_cast<drivers::DiskRequest*>(&request),
                                               reinterpret_cast<u64>(&current_thread()));
  waiting_.push_back(request);
  start_more();
}

void Disk::complete(DiskRequest& request) {
  if (request.finished != nullptr) return request.finished(request);
  const Hold hold(lock_);
  request.done = true;
  done_.wake_all();
}

int Disk::transfer(DiskRequest::Kind kind, u64 sector, u64 sector_count, void* memory) {
  constexpr u32 kMostSectors = drivers::Disk::kMostSectors;
  if (sector > sectors() || sector_count > sectors() - sector) return kInvalid;
  u8* at = static_cast<u8*>(memory);
  while (sector_count > 0) {
    const u32 part = sector_count < kMostSectors ? static_cast<u32>(sector_count) : kMostSectors;
    DiskRequest request;
    request.kind = kind;
    request.sector = sector;
    request.sectors = part;
    request.memory = physical(at);
    if (const int result = perform(request); result < 0) return result;
    sector += part, sector_count -= part, at += u64{part} * kSectorBytes;
  }
  return 0;
}

int Disk::flush() {
  DiskRequest request;
  request.kind = DiskRequest::Kind::Flush;
  return perform(request);
}

void find_disks() {
  char how[8];
  const bool pio = runtime::command_line_value("ide", how, sizeof how) && strcmp(how, "pio") == 0;
  drivers::find_ide_disks(pio ? drivers::IdeTransfer::Pio : drivers::IdeTransfer::Dma, add_disk);
  drivers::find_virtio_disks(add_disk);
  drivers::find_front_disks(add_disk);
}

Disk* disk_number(unsigned number) { return number < count ? disks[number] : nullptr; }

Disk* disk_of(Node& node) {
  return node.kind == NodeKind::BlockDevice ? &static_cast<DiskNode&>(node).disk() : nullptr;
}

}  // namespace hvlab::kernel
