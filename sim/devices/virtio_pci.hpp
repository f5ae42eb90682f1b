// The virtio transport over PCI that every virtio device derives from: negotiation, queues, notifications,
// interrupts. VIRTIO 1.2, sections 2, 3 and 4.1; modern interface only.
#pragma once

#include <vector>

#include "sim/devices/pci_function.hpp"
#include "sim/devices/virtio_registers.hpp"
#include "sim/devices/virtqueue.hpp"

namespace hvlab::devices {

/// What a kind of virtio device is.
struct VirtioKind {
  virtio::Type type = virtio::Type::Net;
  u32 class_code = 0;
  u64 features = 0;  // device-specific ones; the transport adds its own
  u16 queues = 1;
  u16 queue_size = 256;  // largest, a power of two
  u32 config_bytes = 0;  // of device-specific configuration
};

/// The transport's state, besides PciFunctionState and the queues; copyable.
struct VirtioState {
  u32 device_feature_select = 0;
  u32 driver_feature_select = 0;
  u64 driver_features = 0;
  u16 config_vector = virtio::kNoVector;
  u8 status = 0;
  u8 config_generation = 0;
  u16 queue_select = 0;
  u8 isr = 0;
};

class VirtioPci : public PciFunction {
 public:
  VirtioPci(const VirtioKind& kind, const PciServices& services);

  void reset() override;

  VirtioState& virtio_state() { return state_; }
  const VirtioState& virtio_state() const { return state_; }
  VirtqueueState& queue_state(u16 index) { return queues_[index].state(); }
  const VirtqueueState& queue_state(u16 index) const { return queues_[index].state(); }
  u16 queue_count() const { return static_cast<u16>(queues_.size()); }

 protected:
  /// Queue `queue` may hold new chains: its doorbell rang, or DRIVER_OK was just set. Only called while
  /// running().
  virtual void queue_notified(u16 queue) = 0;
  /// The driver reset the device: forget everything in flight.
  virtual void device_reset() = 0;
  /// False if a driver may not take these offered features together: they need others (2.2.2).
  virtual bool features_fit(u64 features) const { return static_cast<void>(features), true; }
  /// The driver wrote device-specific configuration.
  virtual void device_config_written(u32 offset, unsigned size, u64 value) {
    static_cast<void>(offset), static_cast<void>(size), static_cast<void>(value);
  }

  /// DRIVER_OK, and not broken: only then may buffers be used (3.1.1).
  bool running() const;
  u64 negotiated() const { return state_.driver_features; }
  bool negotiated(u64 feature) const { return (state_.driver_features & feature) != 0; }
  Virtqueue& queue(u16 index) { return queues_[index]; }

  /// pop() that reports a broken ring as such; false when there is nothing to do.
  bool take(u16 queue, VirtqueueChain& chain);
  /// Hands every waiting chain to `use`, then asks for notifications of later ones. A driver cannot make more
  /// chains available than the queue holds: the bound keeps one that let its rings overlap from feeding us
  /// for ever.
  template <typename Use>
  void drain(u16 queue, Use use) {
    VirtqueueChain chain;
    for (u32 left = queues_[queue].state().size; left != 0 && take(queue, chain); --left) use(chain);
    if (running()) queues_[queue].want_notifications(true);
  }
  /// Returns a chain and interrupts if the driver wants that.
  void complete(u16 queue, u16 head, u32 written);
  /// The driver broke the rules: DEVICE_NEEDS_RESET until it resets us (2.1.2).
  void broken();

  /// Device-specific configuration: set while building, or followed by config_changed().
  template <typename T>
  void set_config(u32 offset, T value) {
    for (unsigned i = 0; i < sizeof value; ++i) config_[offset + i] = static_cast<u8>(u64{value} >> (8 * i));
  }
  void config_changed();

 private:
  struct Registers final : RegisterTarget {
    u64 read(u64 offset, unsigned size) override { return owner->bar_read(offset, size); }
    void write(u64 offset, unsigned size, u64 value) override { owner->bar_write(offset, size, value); }
    VirtioPci* owner = nullptr;
  };

  void define_capabilities();
  u8 define_virtio_capability(virtio::Capability type, u32 at, u32 bytes, unsigned extra);
  u64 bar_read(u64 offset, unsigned size);
  void bar_write(u64 offset, unsigned size, u64 value);
  // The common configuration structure: virtio_common.cpp
  u64 common_read(u32 offset, unsigned size) const;
  void common_write(u32 offset, unsigned size, u64 value);
  u64 common_field(u32 field) const;
  void write_common_field(u32 field, u64 value);
  void write_queue_field(Virtqueue& queue, u32 field, u64 value);
  void write_status(u8 value);
  void enable_queue(Virtqueue& queue);
  void reset_transport();
  void notify(u16 queue);
  void interrupt(u16 vector, u8 isr);
  void config_written(u8 offset, unsigned size) override;
  void config_reading(u8 offset, unsigned size) override;
  bool window_access(u8 offset, u32& at, unsigned& bytes) const;

  u64 features_;
  u16 queue_size_;
  VirtioState state_;
  std::vector<Virtqueue> queues_;
  std::vector<u8> config_;
  Registers registers_;
  u8 window_ = 0;  // offset of the capability that reaches the BAR through configuration space
};

}  // namespace hvlab::devices
