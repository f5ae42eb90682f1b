#include "sim/devices/virtio_pci.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::devices {

using namespace virtio;

VirtioPci::VirtioPci(const VirtioKind& kind, const PciServices& services)
    : PciFunction({.vendor = kVendor,
                   .device = static_cast<u16>(kDeviceBase + static_cast<u16>(kind.type)),
                   .class_code = kind.class_code,
                   .revision = 1,
                   .subsystem_vendor = kVendor,
                   .subsystem = 0x1100,
                   .interrupt_pin = 1},
                  services),
      features_(kind.features | kRingIndirect | kRingEventIdx | kVersion1),
      queue_size_(kind.queue_size),
      queues_(kind.queues, Virtqueue(structure_dma())),
      config_(kind.config_bytes) {
  registers_.owner = this;
  define_bar(kBar, PciBarKind::Memory64, kBarSize, registers_, true);
  define_msix(kMsixBar, static_cast<u16>(kind.queues + 1));
  define_capabilities();
  for (Virtqueue& queue : queues_) queue.state().size = queue_size_;
}

void VirtioPci::define_capabilities() {
  define_virtio_capability(Capability::Common, kCommonAt, kCommonBytes, 0);
  define_virtio_capability(Capability::Isr, kIsrAt, 1, 0);
  if (!config_.empty())
    define_virtio_capability(Capability::Device, kDeviceAt, static_cast<u32>(config_.size()), 0);
  const u8 notify = define_virtio_capability(Capability::Notify, kNotifyAt,
                                             static_cast<u32>(queues_.size()) * kNotifyMultiplier, 4);
  define32(static_cast<u8>(notify + 16), kNotifyMultiplier);
  window_ = define_virtio_capability(Capability::Pci, 0, 0, 4);
  define8(static_cast<u8>(window_ + 4), 0, 0xff);  // bar, offset, length and data are the driver's (4.1.4.9)
  define32(static_cast<u8>(window_ + 8), 0, 0xffff'ffff);
  define32(static_cast<u8>(window_ + 12), 0, 0xffff'ffff);
  define32(static_cast<u8>(window_ + 16), 0, 0xffff'ffff);
}

u8 VirtioPci::define_virtio_capability(Capability type, u32 at, u32 bytes, unsigned extra) {
  const u8 offset = define_capability(pci::kCapabilityVendor, 16 + extra);
  define8(static_cast<u8>(offset + 2), static_cast<u8>(16 + extra));
  define8(static_cast<u8>(offset + 3), static_cast<u8>(type));
  define8(static_cast<u8>(offset + 4), kBar);
  define32(static_cast<u8>(offset + 8), at);
  define32(static_cast<u8>(offset + 12), bytes);
  return offset;
}

void VirtioPci::reset() {
  PciFunction::reset();
  reset_transport();
}

void VirtioPci::reset_transport() {
  const u8 generation = state_.config_generation;
  state_ = VirtioState{};
  state_.config_generation = generation;
  for (Virtqueue& queue : queues_) {
    queue.state() = VirtqueueState{};
    queue.state().size = queue_size_;
  }
  request_interrupt(false);
  device_reset();
}

bool VirtioPci::running() const { return (state_.status & (kDriverOk | kNeedsReset)) == kDriverOk; }

bool VirtioPci::take(u16 index, VirtqueueChain& chain) {
  if (!running()) return false;
  const Virtqueue::Pop result = queues_[index].pop(chain);
  if (result == Virtqueue::Pop::Broken) broken();
  return result == Virtqueue::Pop::Chain;
}

void VirtioPci::complete(u16 index, u16 head, u32 written) {
  queues_[index].push(head, written);
  if (queues_[index].take_interrupt()) interrupt(queues_[index].state().vector, kIsrQueue);
}

void VirtioPci::broken() {
  const bool was_running = running();
  state_.status |= kNeedsReset;
  if (was_running) interrupt(state_.config_vector, kIsrConfig);
}

void VirtioPci::config_changed() {
  ++state_.config_generation;
  if (running()) interrupt(state_.config_vector, kIsrConfig);
}

/// MSI-X where it is enabled, else the ISR and INTx# (4.1.5.3, 4.1.5.4).
void VirtioPci::interrupt(u16 vector, u8 isr) {
  if (msix_enabled()) {
    if (vector != kNoVector) send_msix(vector);
    return;
  }
  state_.isr |= isr;
  request_interrupt(true);
}

u64 VirtioPci::bar_read(u64 offset, unsigned size) {
  if (offset < kIsrAt) return common_read(static_cast<u32>(offset), size);
  if (offset < kDeviceAt) {
    if (offset != kIsrAt) return 0;
    const u8 isr = state_.isr;  // reading it takes the interrupt back
    state_.isr = 0;
    request_interrupt(false);
    return isr;
  }
  u64 value = 0;
  if (offset < kNotifyAt)
    for (unsigned i = 0; i < size; ++i)
      if (offset - kDeviceAt + i < config_.size()) value |= u64{config_[offset - kDeviceAt + i]} << (8 * i);
  return value;
}

void VirtioPci::bar_write(u64 offset, unsigned size, u64 value) {
  if (offset < kIsrAt) {
    common_write(static_cast<u32>(offset), size, value);
  } else if (offset >= kNotifyAt) {
    const u64 index = (offset - kNotifyAt) / kNotifyMultiplier;
    if (offset % kNotifyMultiplier == 0 && index < queues_.size()) notify(static_cast<u16>(index));
  } else if (offset >= kDeviceAt && offset - kDeviceAt + size <= config_.size()) {
    device_config_written(static_cast<u32>(offset - kDeviceAt), size, value);
  }
}

void VirtioPci::notify(u16 index) {
  probe().report(observe::EventKind::Doorbell, index);
  if (running() && queues_[index].state().enabled) queue_notified(index);
}

/// Access to the BAR through configuration space (4.1.4.9): the window's data field was touched.
bool VirtioPci::window_access(u8 offset, u32& at, unsigned& bytes) const {
  if (window_ == 0 || (offset & 0xfc) != window_ + 16) return false;
  at = get32(static_cast<u8>(window_ + 8));
  bytes = get32(static_cast<u8>(window_ + 12));
  const bool width = bytes == 1 || bytes == 2 || bytes == 4;
  return width && get8(static_cast<u8>(window_ + 4)) == kBar && at < kBarSize && at % bytes == 0;
}

void VirtioPci::config_written(u8 offset, unsigned) {
  u32 at = 0;
  unsigned bytes = 0;
  if (window_access(offset, at, bytes))
    bar_write(at, bytes, get32(static_cast<u8>(window_ + 16)) & low_mask(8 * bytes));
}

void VirtioPci::config_reading(u8 offset, unsigned) {
  u32 at = 0;
  unsigned bytes = 0;
  if (window_access(offset, at, bytes))
    set32(static_cast<u8>(window_ + 16), static_cast<u32>(bar_read(at, bytes)));
}

}  // namespace hvlab::devices
