// Virtio over PCI, version 1 (Virtual I/O Device Version 1.2, 4.1): what devices have in common. Split rings
// without indirect descriptors; a driver asks for events by index or not at all.
#pragma once

#include "hv-models/devices/pci_function.hpp"
#include "hv-models/devices/pieces.hpp"
#include "hv-models/devices/services.hpp"

namespace hvlab::devices {

/// A request that the driver has put into a queue: what is to be read of it, and what is to be written.
struct VirtioChain {
  static constexpr unsigned kMostParts = 40, kMostPieces = 80;
  static constexpr u32 kLongestPart = 1u << 20;
  u16 head = 0;
  Piece pieces[kMostPieces];
  PieceFront readable = {}, writable = {};
  bool broken = false;  // it names memory that is not there, goes round, or is longer than anything sensible
};

class VirtioQueue {
 public:
  static constexpr u16 kMostEntries = 256;
  void reset() { *this = VirtioQueue{}; }
  /// The next request, perhaps a broken one; false if there is none.
  bool take(const GuestMemory& memory, VirtioChain& chain);
  /// True if take() would find something, or the queue is not in use.
  bool has_next(const GuestMemory& memory) const;
  /// It is done: so many bytes were written. True if the driver wants an interrupt.
  bool give_back(const GuestMemory& memory, u16 head, u32 written);
  /// The driver need not ring while the device looks anyway, or it must again. True if something came
  /// meanwhile.
  bool set_notification(const GuestMemory& memory, bool wanted);

  u16 size = kMostEntries;
  bool ready = false;
  u64 descriptors = 0, driver_area = 0, device_area = 0;

 private:
  bool follow(const GuestMemory& memory, VirtioChain& chain) const;
  u16 seen_ = 0, used_ = 0;
};

/// What a kind of device adds.
struct VirtioKind {
  u16 type;  // 5
  u32 class_code;
  u64 features;
  u16 queues;
  void (*notified)(void* device, u16 queue);
  void (*reset)(void* device);
};

class VirtioPci {
 public:
  static constexpr unsigned kBar = 4, kMostQueues = 2;
  static constexpr u32 kBytes = 0x4000, kNotifyAt = 0x3000, kNotifyStep = 4;

  VirtioPci(const GuestMemory& memory, const Line& line, const VirtioKind& kind, void* device, u32 address);
  PciFunction& pci() { return pci_; }
  u32 read(u32 offset, unsigned bytes);
  void write(u32 offset, u32 value, unsigned bytes);

  VirtioQueue& queue(u16 index) { return queues_[index]; }
  const GuestMemory& memory() const { return memory_; }
  bool is_running() const { return (status_ & (kDriverOk | kNeedsReset)) == kDriverOk && pci_.is_master(); }
  void interrupt();
  /// The driver has done what cannot be understood: nothing goes on until it resets the device (2.1.2).
  void fail();
  /// The device's own configuration (4.1.4.6).
  u8 configuration[64] = {};

 private:
  static constexpr u8 kDriverOk = 4, kNeedsReset = 0x40;
  u32 read_common(u32 offset) const;
  void write_common(u32 offset, u32 value);
  void write_queue(u32 offset, u32 value);
  void add_capabilities();
  void reset();

  GuestMemory memory_;
  Line line_;
  VirtioKind kind_;
  void* device_;
  PciFunction pci_;
  VirtioQueue queues_[kMostQueues];
  u32 device_feature_select_ = 0, driver_feature_select_ = 0;
  u64 driver_features_ = 0;
  u8 status_ = 0, isr_ = 0;
  u16 selected_ = 0;
};

}  // namespace hvlab::devices
