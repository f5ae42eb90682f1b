#include "hv-models/drivers/virtio.hpp"

#include "hv-models/runtime/memory.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::drivers {
namespace {

using runtime::allocate_zeroed_page;
using runtime::direct;
using runtime::physical;

// Capability types (4.1.4) and the common configuration (4.1.4.3).
enum : u8 { kCommon = 1, kNotify = 2, kIsr = 3, kDevice = 4 };
constexpr u32 kDeviceFeatureSelect = 0x00, kDeviceFeature = 0x04, kDriverFeatureSelect = 0x08,
              kDriverFeature = 0x0c, kConfigVector = 0x10, kStatus = 0x14, kQueueSelect = 0x16,
              kQueueSize = 0x18, kQueueVector = 0x1a, kQueueEnable = 0x1c, kQueueNotifyOffset = 0x1e,
              kQueueDescriptors = 0x20, kQueueDriver = 0x28, kQueueDevice = 0x30;
constexpr u8 kAcknowledge = 1, kDriver = 2, kDriverOk = 4, kFeaturesOk = 8;
constexpr u16 kNoVector = 0xffff;
constexpr u64 kVersion1 = bit(32);
constexpr u8 kVendorCapability = 0x09;
constexpr u16 kNext = 1, kWrite = 2;
constexpr u16 kNoNotify = 1;  // in the used ring's flags

template <typename T>
volatile T& at(volatile u8* base, u32 offset) {
  return *reinterpret_cast<volatile T*>(base + offset);
}

void write64(volatile u8* base, u32 offset, u64 value) {
  at<u32>(base, offset) = static_cast<u32>(value);
  at<u32>(base, offset + 4) = static_cast<u32>(value >> 32);
}

}  // namespace

bool is_virtio(const PciFunction& function, u16 type) {
  constexpr u16 kVendor = 0x1af4, kFirst = 0x1040, kFirstTransitional = 0x0fff;
  return function.vendor == kVendor &&
         (function.device == kFirst + type || function.device == kFirstTransitional + type);
}

bool VirtQueue::set_up(u16 size) {
  // Each part in a page or more of its own: its alignments (2.7) are met, and queues of up to 256 fit.
  constexpr u16 kMost = 256;
  size_ = size < kMost ? size : kMost;
  descriptors_ = static_cast<Descriptor*>(allocate_zeroed_page());
  available_ = static_cast<u16*>(allocate_zeroed_page());
  used_ = static_cast<u16*>(allocate_zeroed_page());
  if (descriptors_ == nullptr || available_ == nullptr || used_ == nullptr) return false;
  for (u16 i = 0; i < size_; ++i) descriptors_[i].next = static_cast<u16>(i + 1);
  free_ = size_;
  return true;
}

u16 VirtQueue::add(const Part* parts, u16 count) {
  if (count == 0 || free_ < count) return kNone;
  const u16 head = first_free_;
  u16 at = head;
  for (u16 i = 0; i < count; ++i) {
    Descriptor& d = descriptors_[at];
    d.address = parts[i].address;
    d.bytes = parts[i].bytes;
    d.flags = static_cast<u16>((i + 1 < count ? kNext : 0) | (parts[i].device_writes ? kWrite : 0));
    at = d.next;
  }
  first_free_ = at;
  free_ = static_cast<u16>(free_ - count);
  available_[2 + available_[1] % size_] = head;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // the request before its number (2.7.13.3)
  at = static_cast<u16>(available_[1] + 1);
  __atomic_store_n(&available_[1], at, __ATOMIC_SEQ_CST);
  return head;
}

u16 VirtQueue::take_done(u32& written) {
  if (used_[1] == seen_) return kNone;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  const volatile Used* ring = reinterpret_cast<const volatile Used*>(used_ + 2);
  const u16 head = static_cast<u16>(ring[seen_ % size_].id);
  written = ring[seen_ % size_].bytes;
  ++seen_;
  if (head >= size_) return kNone;  // a device that makes numbers up
  u16 last = head, count = 1;
  while ((descriptors_[last].flags & kNext) != 0) last = descriptors_[last].next, ++count;
  descriptors_[last].next = first_free_;
  first_free_ = head;
  free_ = static_cast<u16>(free_ + count);
  return head;
}

bool VirtioDevice::set_up(const PciFunction& f, u64 wanted) {
  pci_enable(f);
  for (u8 c = pci_capability(f, kVendorCapability, 0); c != 0; c = pci_capability(f, kVendorCapability, c)) {
    const u8 type = pci_read8(f, static_cast<u8>(c + 3)), bar = pci_read8(f, static_cast<u8>(c + 4));
    if (bar > 5) continue;
    volatile u8* place = direct<volatile u8>(pci_address(f, bar) + pci_read(f, static_cast<u8>(c + 8)));
    if (type == kCommon) common_ = place;
    if (type == kIsr) isr_ = place;
    if (type == kDevice) device_ = place;
    if (type == kNotify) {
      notify_ = place;
      notify_multiplier_ = pci_read(f, static_cast<u8>(c + 16));
    }
  }
  if (common_ == nullptr || isr_ == nullptr || notify_ == nullptr) return false;
  // 3.1.1: reset, acknowledge, driver, features, features OK.
  at<u8>(common_, kStatus) = 0;
  while (at<u8>(common_, kStatus) != 0) {
  }
  at<u8>(common_, kStatus) = kAcknowledge;
  at<u8>(common_, kStatus) = kAcknowledge | kDriver;
  u64 offered = 0;
  for (u32 half = 0; half < 2; ++half) {
    at<u32>(common_, kDeviceFeatureSelect) = half;
    offered |= u64{at<u32>(common_, kDeviceFeature)} << (32 * half);
  }
  if ((offered & kVersion1) == 0) return false;
  features_ = offered & (wanted | kVersion1);
  for (u32 half = 0; half < 2; ++half) {
    at<u32>(common_, kDriverFeatureSelect) = half;
    at<u32>(common_, kDriverFeature) = static_cast<u32>(features_ >> (32 * half));
  }
  at<u8>(common_, kStatus) = kAcknowledge | kDriver | kFeaturesOk;
  if ((at<u8>(common_, kStatus) & kFeaturesOk) == 0) return false;
  at<u16>(common_, kConfigVector) = kNoVector;
  return true;
}

bool VirtioDevice::set_up_queue(u16 index, VirtQueue& queue) {
  at<u16>(common_, kQueueSelect) = index;
  const u16 most = at<u16>(common_, kQueueSize);
  if (most == 0 || !queue.set_up(most)) return false;
  at<u16>(common_, kQueueSize) = queue.size_;
  at<u16>(common_, kQueueVector) = kNoVector;  // INTx#
  write64(common_, kQueueDescriptors, physical(queue.descriptors_));
  write64(common_, kQueueDriver, physical(queue.available_));
  write64(common_, kQueueDevice, physical(const_cast<u16*>(queue.used_)));
  queue.index_ = index;
  queue.doorbell_ = &at<u16>(notify_, at<u16>(common_, kQueueNotifyOffset) * notify_multiplier_);
  at<u16>(common_, kQueueEnable) = 1;
  return true;
}

void VirtioDevice::begin() { at<u8>(common_, kStatus) = kAcknowledge | kDriver | kFeaturesOk | kDriverOk; }

void VirtioDevice::notify(const VirtQueue& queue) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // what was added before the question whether it must be told
  if ((queue.used_[0] & kNoNotify) == 0) *queue.doorbell_ = queue.index_;
}

bool VirtioDevice::take_interrupt() { return (at<u8>(isr_, 0) & 3) != 0; }

}  // namespace hvlab::drivers
