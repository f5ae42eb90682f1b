// Virtio block devices (VIRTIO 1.2, 5.2).
#include "hv-models/kernel/disk.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/virtio.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::kernel {
namespace {

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
  bool set_up(const PciFunction& function);
  void arrived();

 private:
  static constexpr u16 kSlots = 256;
  struct Slot {  // of the request whose first descriptor has this number
    Header header;
    u8 status;
    DiskRequest* request;
  };
  bool start(DiskRequest& request) override;
  DiskRequest* take_done(int& result);

  VirtioDevice device_;
  VirtQueue queue_;
  runtime::SpinLock queue_lock_;
  Slot* slots_ = nullptr;
  u16 next_slot_ = 0;  // headers are used round and round: more of them than requests fit in the queue
  u8 slot_of_[kSlots] = {};
};

bool VirtioDisk::set_up(const PciFunction& function) {
  if (!device_.set_up(function, kHasFlush) || !device_.set_up_queue(0, queue_)) return false;
  slots_ = static_cast<Slot*>(allocate_pages(1));
  if (slots_ == nullptr || device_.configuration() == nullptr) return false;
  const volatile u32* capacity = reinterpret_cast<const volatile u32*>(device_.configuration());
  sectors_ = u64{capacity[1]} << 32 | capacity[0];
  device_.begin();
  return true;
}

bool VirtioDisk::start(DiskRequest& request) {
  const runtime::Hold hold(queue_lock_);
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

DiskRequest* VirtioDisk::take_done(int& result) {
  const runtime::Hold hold(queue_lock_);
  u32 written = 0;
  const u16 head = queue_.take_done(written);
  if (head == VirtQueue::kNone) return nullptr;
  const Slot& slot = slots_[slot_of_[head]];
  result = slot.status == kDone ? 0 : int{kInputOutput};
  return slot.request;
}

void VirtioDisk::arrived() {
  if (!device_.take_interrupt()) return;
  int result = 0;
  while (DiskRequest* request = take_done(result)) complete(*request, result);
}

void interrupt(void* disk) { static_cast<VirtioDisk*>(disk)->arrived(); }

void found(const PciFunction& f) {
  if (!is_virtio(f, kBlockType)) return;
  VirtioDisk* disk = new (std::nothrow) VirtioDisk;
  if (disk == nullptr || !disk->set_up(f) || !runtime::ioapic::connect(f.irq, interrupt, disk)) {
    delete disk;
    return;
  }
  add_disk(*disk, "virtio");
}

}  // namespace

void find_virtio_disks() { for_each_pci_function(found); }

}  // namespace hvlab::kernel
