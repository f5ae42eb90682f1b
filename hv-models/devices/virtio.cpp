#include "hv-models/devices/virtio.hpp"

namespace hvlab::devices {
namespace {

constexpr u32 kCommonAt = 0x0000, kIsrAt = 0x1000, kDeviceAt = 0x2000;
constexpr u64 kVersion1 = u64{1} << 32;
constexpr u16 kNext = 1, kDeviceWrites = 2, kIndirect = 4;
constexpr u16 kNoInterrupt = 1, kNoNotify = 1;

struct Descriptor {
  u64 address;
  u32 bytes;
  u16 flags, next;
};

u16* word_at(const GuestMemory& memory, u64 address) { return reinterpret_cast<u16*>(memory.at(address, 2)); }

}  // namespace

bool VirtioQueue::has_next(const GuestMemory& memory) const {
  const u16* index = ready ? word_at(memory, driver_area + 2) : nullptr;
  return index == nullptr || __atomic_load_n(index, __ATOMIC_ACQUIRE) != seen_;
}

// The descriptors of a chain, from its head on (2.7.5). False if it is broken.
bool VirtioQueue::follow(const GuestMemory& memory, VirtioChain& chain) const {
  PieceList list{chain.pieces, VirtioChain::kMostPieces};
  unsigned readable = 0;
  bool writes = false;
  u16 at = chain.head;
  for (unsigned parts = 0; parts < VirtioChain::kMostParts; ++parts) {
    const u8* from = at < size ? memory.at(descriptors + u64{16} * at, sizeof(Descriptor)) : nullptr;
    if (from == nullptr) return false;
    Descriptor descriptor;
    __builtin_memcpy(&descriptor, from, sizeof descriptor);
    const bool written = (descriptor.flags & kDeviceWrites) != 0;
    // What the device reads comes before what it writes (2.7.4.2); indirect descriptors are not offered.
    if ((descriptor.flags & kIndirect) != 0 || (writes && !written) ||
        descriptor.bytes > VirtioChain::kLongestPart ||
        !list.add(memory, descriptor.address, descriptor.bytes))
      return false;
    writes = written;
    if (!writes) readable = list.count;
    if ((descriptor.flags & kNext) == 0) {
      chain.readable = {chain.pieces, readable};
      chain.writable = {chain.pieces + readable, list.count - readable};
      return true;
    }
    at = descriptor.next;
  }
  return false;
}

bool VirtioQueue::take(const GuestMemory& memory, VirtioChain& chain) {
  if (!ready) return false;
  const u16* index = word_at(memory, driver_area + 2);
  if (index == nullptr) return false;
  const u16 offered = static_cast<u16>(__atomic_load_n(index, __ATOMIC_ACQUIRE) - seen_);
  if (offered == 0) return false;
  const u16* head = word_at(memory, driver_area + 4 + u64{2} * (seen_ % size));
  chain.broken = offered > size || head == nullptr;
  if (chain.broken) return true;
  ++seen_;
  chain.head = *head;
  chain.broken = !follow(memory, chain);
  return true;
}

bool VirtioQueue::give_back(const GuestMemory& memory, u16 head, u32 written) {
  u8* entry = memory.at(device_area + 4 + u64{8} * (used_ % size), 8);
  u16* index = word_at(memory, device_area + 2);
  const u16* flags = word_at(memory, driver_area);
  if (entry == nullptr || index == nullptr || flags == nullptr) return false;
  const u32 words[2] = {head, written};
  __builtin_memcpy(entry, words, sizeof words);
  __atomic_store_n(index, ++used_, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return (__atomic_load_n(flags, __ATOMIC_ACQUIRE) & kNoInterrupt) == 0;
}

bool VirtioQueue::set_notification(const GuestMemory& memory, bool wanted) {
  u16* flags = word_at(memory, device_area);
  const u16* index = word_at(memory, driver_area + 2);
  if (!ready || flags == nullptr || index == nullptr) return false;
  __atomic_store_n(flags, wanted ? u16{0} : kNoNotify, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return __atomic_load_n(index, __ATOMIC_ACQUIRE) != seen_;
}

VirtioPci::VirtioPci(const GuestMemory& memory, const Line& line, const VirtioKind& kind, void* device,
                     u32 address)
    : memory_(memory),
      line_(line),
      kind_(kind),
      device_(device),
      pci_(0x1af4, static_cast<u16>(0x1040 + kind.type), kind.class_code << 8 | 1) {
  pci_.add_memory(kBar, kBytes, address);
  pci_.set_interrupt(static_cast<u8>(line.pin));
  pci_.set_subsystem(0x1af4, static_cast<u16>(0x40 + kind.type));
  add_capabilities();
}

// Where the parts of the configuration lie (4.1.4).
void VirtioPci::add_capabilities() {
  struct [[gnu::packed]] Capability {
    u8 id, next, length, type, bar, padding[3];
    u32 offset, bytes, multiplier;
  };
  constexpr u8 kVendor = 9;
  const struct {
    u8 type;
    u32 offset, bytes;
  } kParts[] = {
      {1, kCommonAt, 0x38}, {2, kNotifyAt, 0x100}, {3, kIsrAt, 1}, {4, kDeviceAt, sizeof configuration}};
  for (const auto& part : kParts) {
    const u8 length = part.type == 2 ? 20 : 16;
    const Capability capability = {kVendor, 0,           length,     part.type,  kBar,
                                   {},      part.offset, part.bytes, kNotifyStep};
    pci_.add_capability(reinterpret_cast<const u8*>(&capability), length);
  }
}

void VirtioPci::reset() {
  for (VirtioQueue& queue : queues_) queue.reset();
  status_ = isr_ = 0;
  driver_features_ = 0;
  line_.set(false);
  kind_.reset(device_);
}

void VirtioPci::interrupt() {
  isr_ |= 1;
  line_.set(true);
}

void VirtioPci::fail() {
  status_ |= kNeedsReset;
  isr_ |= 2;  // a change of configuration
  line_.set(true);
}

u32 VirtioPci::read_common(u32 offset) const {
  const VirtioQueue& queue = queues_[selected_ < kMostQueues ? selected_ : 0];
  const bool exists = selected_ < kind_.queues;
  const u64 offered = kind_.features | kVersion1;
  switch (offset) {
    case 0x00: return device_feature_select_;
    case 0x04:
      return device_feature_select_ < 2 ? static_cast<u32>(offered >> 32 * device_feature_select_) : 0;
    case 0x08: return driver_feature_select_;
    case 0x0c:
      return driver_feature_select_ < 2 ? static_cast<u32>(driver_features_ >> 32 * driver_feature_select_)
                                        : 0;
    case 0x10:
    case 0x1a: return 0xffff;  // no MSI-X
    case 0x12: return kind_.queues;
    case 0x14: return status_;
    case 0x16: return selected_;
    case 0x18: return exists ? queue.size : 0;
    case 0x1c: return exists && queue.ready ? 1 : 0;
    case 0x1e: return exists ? selected_ : 0;
    case 0x20: return static_cast<u32>(queue.descriptors);
    case 0x24: return static_cast<u32>(queue.descriptors >> 32);
    case 0x28: return static_cast<u32>(queue.driver_area);
    case 0x2c: return static_cast<u32>(queue.driver_area >> 32);
    case 0x30: return static_cast<u32>(queue.device_area);
    case 0x34: return static_cast<u32>(queue.device_area >> 32);
    default: return 0;
  }
}

void VirtioPci::write_queue(u32 offset, u32 value) {
  if (selected_ >= kind_.queues) return;
  VirtioQueue& queue = queues_[selected_];
  // Addresses are multiples of 16, 2 and 4 (2.7): other bits are not there.
  const auto set = [&](u64& to, bool high, u32 alignment) {
    to = high ? (to & 0xffff'ffff) | u64{value} << 32 : (to & ~u64{0xffff'ffff}) | (value & ~(alignment - 1));
  };
  switch (offset) {
    case 0x18: {
      const u16 size = static_cast<u16>(value);
      const bool power_of_two = size != 0 && (size & (size - 1)) == 0;
      if (power_of_two && size <= VirtioQueue::kMostEntries) queue.size = size;
      break;
    }
    case 0x1c: queue.ready = (value & 1) != 0; break;
    case 0x20:
    case 0x24: set(queue.descriptors, offset == 0x24, 16); break;
    case 0x28:
    case 0x2c: set(queue.driver_area, offset == 0x2c, 2); break;
    case 0x30:
    case 0x34: set(queue.device_area, offset == 0x34, 4); break;
    default: break;
  }
}

void VirtioPci::write_common(u32 offset, u32 value) {
  constexpr u8 kFeaturesOk = 8;
  switch (offset) {
    case 0x00: device_feature_select_ = value; break;
    case 0x08: driver_feature_select_ = value; break;
    case 0x0c:
      if (driver_feature_select_ > 1) break;
      driver_features_ = driver_feature_select_ == 0 ? (driver_features_ & ~u64{0xffff'ffff}) | value
                                                     : (driver_features_ & 0xffff'ffff) | u64{value} << 32;
      break;
    case 0x14: {
      if ((value & 0xff) == 0) return reset();
      // A driver that wants what was not offered is not let through (3.1.1).
      const bool wrong =
          (driver_features_ & ~(kind_.features | kVersion1)) != 0 || (driver_features_ & kVersion1) == 0;
      status_ = static_cast<u8>((wrong ? value & ~u32{kFeaturesOk} : value) | (status_ & kNeedsReset));
      break;
    }
    case 0x16: selected_ = static_cast<u16>(value); break;
    default: write_queue(offset, value);
  }
}

u32 VirtioPci::read(u32 offset, unsigned bytes) {
  if (offset < kIsrAt) return read_common(offset);
  if (offset == kIsrAt) {
    const u8 value = isr_;
    isr_ = 0;
    line_.set(false);
    return value;
  }
  u32 value = 0;
  if (offset >= kDeviceAt && offset + bytes <= kDeviceAt + sizeof configuration)
    __builtin_memcpy(&value, configuration + (offset - kDeviceAt), bytes);
  return value;
}

void VirtioPci::write(u32 offset, u32 value, unsigned) {
  if (offset < kIsrAt) return write_common(offset, value);
  if (offset < kNotifyAt) return;
  const u32 queue = (offset - kNotifyAt) / kNotifyStep;
  if (queue < kind_.queues && is_running()) kind_.notified(device_, static_cast<u16>(queue));
}

}  // namespace hvlab::devices
