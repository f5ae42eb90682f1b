// Virtio block devices (VIRTIO 1.2, 5.2).
#include "hv-models/drivers/disk.hpp"
#include "hv-models/drivers/virtio.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::drivers {
namespace {

using runtime::Hold;
using runtime::physical;

constexpr u16 kBlockType = 2;
constexpr u64 kHasFlush = bit(9);
constexpr u8 kDone = 0;  // status

struct Header {
  u32 type, reserved;
  u64 sector;
};
enum : u32 { kIn = 0, kOut = 1, kFlushType = 4 };

class VirtioDisk final : public Disk {
 public:
  VirtioDisk() : Disk("virtio", 0) {}
  bool set_up(const PciFunction& function);
  void arrived();

 private:
  static constexpr u16 kSlots = 256;
  struct Slot {  // of the request whose first descriptor has this number
    Header header;
    u8 status;
    DiskRequest* request;
  };
  bool begin(DiskRequest& request) override;
  DiskRequest* take_done(bool& failed);

  VirtioDevice device_;
  VirtQueue queue_;
  runtime::SpinLock queue_lock_;
  Slot* slots_ = nullptr;
  u16 next_slot_ = 0;  // headers are used round and round: more of them than requests fit in the queue
  u8 slot_of_[kSlots] = {};
};

bool VirtioDisk::set_up(const PciFunction& function) {
  if (!device_.set_up(function, kHasFlush) || !device_.set_up_queue(0, queue_)) return false;
  slots_ = static_cast<Slot*>(runtime::allocate_pages(1));
  if (slots_ == nullptr || device_.configuration() == nullptr) return false;
  const volatile u32* capacity = reinterpret_cast<const volatile u32*>(device_.configuration());
  sectors_ = u64{capacity[1]} << 32 | capacity[0];
  device_.begin();
  return true;
}

bool VirtioDisk::begin(DiskRequest& request) {
  const Hold hold(queue_lock_);
  Slot& slot = slots_[next_slot_];
  const bool flush = request.kind == DiskRequest::Kind::Flush,
             write = request.kind == DiskRequest::Kind::Write;
  slot = {{flush ? kFlushType : write ? kOut : kIn, 0, request.sector}, 0xff, &request};
  const VirtQueue::Part parts[] = {{physical(&slot.header), sizeof(Header), false},
                                   {request.memory, request.sectors * kSectorBytes, !write},
                                   {physical(&slot.status), 1, true}};
  const VirtQueue::Part flush_parts[] = {parts[0], parts[2]};
  const u16 head = flush ? queue_.add(flush_parts, 2) : queue_.add(parts, 3);
  if (head == VirtQueue::kNone) return false;
  slot_of_[head] = static_cast<u8>(next_slot_);
  next_slot_ = static_cast<u16>((next_slot_ + 1) % kSlots);
  VirtioDevice::notify(queue_);
  return true;
}

DiskRequest* VirtioDisk::take_done(bool& failed) {
  const Hold hold(queue_lock_);
  u32 written = 0;
  const u16 head = queue_.take_done(written);
  if (head == VirtQueue::kNone) return nullptr;
  const Slot& slot = slots_[slot_of_[head]];
  failed = slot.status != kDone;
  return slot.request;
}

void VirtioDisk::arrived() {
  if (!device_.take_interrupt()) return;
  bool failed = false;
  while (DiskRequest* request = take_done(failed)) {
    done(*request, failed);
    room();
  }
}

void interrupt(void* disk) { static_cast<VirtioDisk*>(disk)->arrived(); }

VirtioDisk* make_disk(const PciFunction& f) {
  if (!is_virtio(f, kBlockType)) return nullptr;
  VirtioDisk* disk = new (std::nothrow) VirtioDisk;
  if (disk != nullptr && disk->set_up(f) && runtime::ioapic::connect(f.irq, interrupt, disk)) return disk;
  delete disk;
  return nullptr;
}

}  // namespace

void find_virtio_disks(DiskFound found) {
  for_each_pci_function([found](const PciFunction& f) {
    if (VirtioDisk* disk = make_disk(f); disk != nullptr) found(*disk);
  });
}

}  // namespace hvlab::drivers
