// Virtio over PCI (Virtual I/O Device Version 1.2): what all devices have in common.
#pragma once

#include "hv-models/drivers/pci.hpp"

namespace hvlab::drivers {

/// A virtqueue with split rings (2.7). The driver's lock guards it.
class VirtQueue {
 public:
  struct Part {  // of a request, in memory
    u64 address;
    u32 bytes;
    bool device_writes;
  };
  static constexpr u16 kNone = 0xffff;

  bool set_up(u16 size);
  /// Offers a request of `count` parts; the number it gets, or kNone if there is no room.
  u16 add(const Part* parts, u16 count);
  /// A request that the device has done, and how much it wrote; kNone if there is none.
  u16 take_done(u32& written);
  u16 free_parts() const { return free_; }

 private:
  friend class VirtioDevice;
  struct Descriptor {
    u64 address;
    u32 bytes;
    u16 flags, next;
  };
  struct Used {
    u32 id, bytes;
  };
  u16 size_ = 0, free_ = 0, first_free_ = 0, seen_ = 0;
  u16 index_ = 0;
  volatile u16* doorbell_ = nullptr;
  Descriptor* descriptors_ = nullptr;
  u16* available_ = nullptr;      // flags, index, ring
  volatile u16* used_ = nullptr;  // flags, index, ring of Used
};

class VirtioDevice {
 public:
  /// Finds the device's registers, resets it and agrees on features: all of `wanted` that it has. False if it
  /// is none of version 1.
  bool set_up(const PciFunction& function, u64 wanted);
  bool set_up_queue(u16 index, VirtQueue& queue);
  /// All is set up: it may begin.
  void begin();
  /// Tells it that the queue has something, if it wants to know.
  static void notify(const VirtQueue& queue);
  /// True if the interrupt was its own; takes it back.
  bool take_interrupt();
  u64 features() const { return features_; }
  /// Its own configuration, of so many bytes.
  volatile u8* configuration() const { return device_; }

 private:
  volatile u8* common_ = nullptr;
  volatile u8* isr_ = nullptr;
  volatile u8* device_ = nullptr;
  volatile u8* notify_ = nullptr;
  u32 notify_multiplier_ = 0;
  u64 features_ = 0;
};

/// True for a virtio device of that type (5): transitional ones, which also know the old interface, have ids
/// of their own (4.1.2.1).
bool is_virtio(const PciFunction& function, u16 type);

}  // namespace hvlab::drivers
