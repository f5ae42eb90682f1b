#include "sim/devices/virtqueue.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/bits.hpp"

namespace hvlab::devices {

namespace {

constexpr u16 kNext = 1, kWrite = 2, kIndirect = 4;  // descriptor flags (2.7.5)
constexpr u16 kNoInterrupt = 1, kNoNotify = 1;       // ring flags (2.7.6, 2.7.8)
constexpr u32 kMaxIndirect = 1024;                   // entries of an indirect table that we follow
constexpr u32 kDescriptorBytes = 16;

template <typename Copy>
size_t each(const std::vector<VirtqueueSegment>& segments, u64 offset, size_t bytes, Copy copy) {
  size_t done = 0;
  for (const VirtqueueSegment& segment : segments) {
    if (done == bytes) break;
    if (offset >= segment.bytes) {
      offset -= segment.bytes;
      continue;
    }
    const size_t part = std::min<u64>(segment.bytes - offset, bytes - done);
    copy(segment.address + offset, done, part);
    done += part;
    offset = 0;
  }
  return done;
}

}  // namespace

Virtqueue::Pop Virtqueue::pop(VirtqueueChain& chain) {
  if (!state_.enabled) return Pop::Empty;
  const u16 waiting = static_cast<u16>(load16(state_.driver + 2) - state_.next_available);
  if (waiting == 0) return Pop::Empty;
  if (waiting > state_.size) return Pop::Broken;
  const u64 slot = state_.next_available & (state_.size - 1u);
  chain = VirtqueueChain{};
  chain.head = load16(state_.driver + 4 + 2 * slot);
  if (!walk(chain, state_.descriptors, state_.size, chain.head, false)) return Pop::Broken;
  ++state_.next_available;
  return Pop::Chain;
}

/// Follows a chain through a table of `count` entries. A chain cannot be longer than its table without a
/// loop.
bool Virtqueue::walk(VirtqueueChain& chain, u64 table, u32 count, u16 index, bool indirect) {
  for (u32 steps = 0; steps < count; ++steps) {
    if (index >= count) return false;
    const Descriptor descriptor = load(table, index);
    if ((descriptor.flags & kIndirect) != 0) {
      // Not in an indirect table, and nothing may follow it (2.7.5.3.1).
      const bool allowed = state_.indirect && !indirect && (descriptor.flags & kNext) == 0;
      const u32 entries = descriptor.bytes / kDescriptorBytes;
      if (!allowed || descriptor.bytes % kDescriptorBytes != 0 || entries == 0 || entries > kMaxIndirect)
        return false;
      return walk(chain, descriptor.address, entries, 0, true);
    }
    if (!add(chain, descriptor)) return false;
    if ((descriptor.flags & kNext) == 0) return true;
    index = descriptor.next;
  }
  return false;
}

bool Virtqueue::add(VirtqueueChain& chain, const Descriptor& descriptor) {
  if (descriptor.address + descriptor.bytes < descriptor.address) return false;
  const bool write = (descriptor.flags & kWrite) != 0;
  if (!write && !chain.writable.empty()) return false;  // readable ones come first (2.7.4.2)
  (write ? chain.writable : chain.readable).push_back({descriptor.address, descriptor.bytes});
  (write ? chain.writable_bytes : chain.readable_bytes) += descriptor.bytes;
  return chain.readable_bytes + chain.writable_bytes <= 0xffff'ffff;  // 2.7.5
}

void Virtqueue::push(u16 head, u32 written) {
  const u64 slot = state_.next_used & (state_.size - 1u);
  const u32 element[2] = {head, written};
  memory_->write(state_.device + 4 + 8 * slot, element, sizeof element);
  store16(state_.device + 2, ++state_.next_used);
}

bool Virtqueue::take_interrupt() {
  const u16 old = state_.signalled_used;
  const u16 now = state_.next_used;
  state_.signalled_used = now;
  if (old == now) return false;
  if (!state_.event_idx) return (load16(state_.driver) & kNoInterrupt) == 0;
  return static_cast<u16>(now - load16(used_event()) - 1) < static_cast<u16>(now - old);
}

void Virtqueue::want_notifications(bool wanted) {
  if (!state_.enabled) return;
  if (!state_.event_idx) {
    store16(state_.device, wanted ? 0 : kNoNotify);
  } else if (wanted) {
    store16(available_event(), state_.next_available);
  }  // else: the index asked for last lies behind, so the driver stays silent
}

Virtqueue::Descriptor Virtqueue::load(u64 table, u16 index) {
  Descriptor descriptor;
  static_assert(sizeof descriptor == kDescriptorBytes);
  memory_->read(table + u64{kDescriptorBytes} * index, &descriptor, sizeof descriptor);
  return descriptor;
}

u16 Virtqueue::load16(u64 address) {
  u16 value = 0;
  memory_->read(address, &value, sizeof value);
  return value;
}

void Virtqueue::store16(u64 address, u16 value) { memory_->write(address, &value, sizeof value); }

size_t gather(Dma& memory, const std::vector<VirtqueueSegment>& segments, u64 offset, void* to,
              size_t bytes) {
  return each(segments, offset, bytes, [&](u64 address, size_t at, size_t part) {
    memory.read(address, static_cast<u8*>(to) + at, part);
  });
}

size_t scatter(Dma& memory, const std::vector<VirtqueueSegment>& segments, u64 offset, const void* from,
               size_t bytes) {
  return each(segments, offset, bytes, [&](u64 address, size_t at, size_t part) {
    memory.write(address, static_cast<const u8*>(from) + at, part);
  });
}

}  // namespace hvlab::devices
