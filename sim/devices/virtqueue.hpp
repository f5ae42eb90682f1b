// A split virtqueue, device side. VIRTIO 1.2, section 2.7. Nothing that the driver writes is trusted: what
// breaks the rules makes the queue report Broken, and its device asks for a reset.
#pragma once

#include <vector>

#include "sim/base/types.hpp"
#include "sim/ports/physical_memory.hpp"

namespace hvlab::devices {

/// All of a queue's state; copyable.
struct VirtqueueState {
  u16 size = 0;
  bool enabled = false;
  bool indirect = false;   // VIRTIO_F_INDIRECT_DESC negotiated
  bool event_idx = false;  // VIRTIO_F_EVENT_IDX negotiated
  u16 vector = 0xffff;     // MSI-X vector
  u64 descriptors = 0;     // addresses of the three areas
  u64 driver = 0;          // available ring
  u64 device = 0;          // used ring
  u16 next_available = 0;  // free-running indices
  u16 next_used = 0;
  u16 signalled_used = 0;  // next_used at the last decision about an interrupt
};

/// One piece of guest memory.
struct VirtqueueSegment {
  u64 address = 0;
  u32 bytes = 0;
};

/// A descriptor chain: what the device may read, then what it may write.
struct VirtqueueChain {
  u16 head = 0;
  std::vector<VirtqueueSegment> readable;
  std::vector<VirtqueueSegment> writable;
  u64 readable_bytes = 0;
  u64 writable_bytes = 0;
};

class Virtqueue {
 public:
  enum class Pop { Empty, Chain, Broken };

  /// `memory` reaches the rings; it outlives the queue.
  explicit Virtqueue(Dma& memory) : memory_(&memory) {}

  VirtqueueState& state() { return state_; }
  const VirtqueueState& state() const { return state_; }

  /// Takes the next available chain.
  Pop pop(VirtqueueChain& chain);

  /// Gives back the last `chains` popped chains, none of which was pushed.
  void unpop(u16 chains) { state_.next_available = static_cast<u16>(state_.next_available - chains); }

  /// Returns a chain to the driver, `written` bytes of its writable part filled.
  void push(u16 head, u32 written);

  /// After pushes: whether the driver wants an interrupt for them (2.7.7, 2.7.10).
  bool take_interrupt();

  /// Asks the driver to notify when it next adds a chain, or not to bother (a hint; 2.7.9, 2.7.10). The
  /// caller looks at the ring after switching on only if the driver runs concurrently; ours never does.
  void want_notifications(bool wanted);

 private:
  struct Descriptor {
    u64 address;
    u32 bytes;
    u16 flags;
    u16 next;
  };
  Descriptor load(u64 table, u16 index);
  bool walk(VirtqueueChain& chain, u64 table, u32 count, u16 index, bool indirect);
  bool add(VirtqueueChain& chain, const Descriptor& descriptor);
  u16 load16(u64 address);
  void store16(u64 address, u16 value);
  u64 used_event() const { return state_.driver + 4 + 2u * state_.size; }
  u64 available_event() const { return state_.device + 4 + 8u * state_.size; }

  Dma* memory_;
  VirtqueueState state_;
};

/// Copies up to `bytes` bytes from (to) the segments, starting `offset` bytes into them; returns how many
/// there were.
size_t gather(Dma& memory, const std::vector<VirtqueueSegment>& segments, u64 offset, void* to, size_t bytes);
size_t scatter(Dma& memory, const std::vector<VirtqueueSegment>& segments, u64 offset, const void* from,
               size_t bytes);

}  // namespace hvlab::devices
