#include "sim/devices/virtio_pci.hpp"

#include <bit>

#include "sim/base/bits.hpp"

namespace hvlab::devices {

using namespace virtio;

namespace {

struct Field {
  u32 at;
  unsigned bytes;
};
constexpr Field kCommonFields[] = {
    {kDeviceFeatureSelect, 4},
    {kDeviceFeature, 4},
    {kDriverFeatureSelect, 4},
    {kDriverFeature, 4},
    {kConfigVector, 2},
    {kQueueCount, 2},
    {kStatus, 1},
    {kConfigGeneration, 1},
    {kQueueSelect, 2},
    {kQueueSize, 2},
    {kQueueVector, 2},
    {kQueueEnable, 2},
    {kQueueNotifyOffset, 2},
    {kQueueDescriptors, 8},
    {kQueueDriver, 8},
    {kQueueDevice, 8},
};

/// The field that an access lies within (4.1.3.1: drivers access fields whole, 64-bit ones also by halves),
/// or null.
const Field* common_field_at(u64 offset, unsigned size) {
  for (const Field& field : kCommonFields)
    if (offset >= field.at && offset + size <= field.at + field.bytes) return &field;
  return nullptr;
}

}  // namespace

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
  if (offset < kIsrAt) {
    const Field* field = common_field_at(offset, size);
    return field == nullptr ? 0
                            : bits(common_field(field->at) >> (8 * (offset - field->at)), 8 * size - 1, 0);
  }
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
    const Field* field = common_field_at(offset, size);
    if (field == nullptr) return;
    const unsigned shift = static_cast<unsigned>(8 * (offset - field->at));
    const u64 mask = low_mask(8 * size) << shift;
    write_common_field(field->at, (common_field(field->at) & ~mask) | (value << shift & mask));
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

u64 VirtioPci::common_field(u32 field) const {
  const auto half = [](u64 features, u32 select) {
    return select < 2 ? features >> (32 * select) & 0xffff'ffff : 0;
  };
  switch (field) {
    case kDeviceFeatureSelect:
      return state_.device_feature_select;
    case kDeviceFeature:
      return half(features_, state_.device_feature_select);
    case kDriverFeatureSelect:
      return state_.driver_feature_select;
    case kDriverFeature:
      return half(state_.driver_features, state_.driver_feature_select);
    case kConfigVector:
      return state_.config_vector;
    case kQueueCount:
      return queues_.size();
    case kStatus:
      return state_.status;
    case kConfigGeneration:
      return state_.config_generation;
    case kQueueSelect:
      return state_.queue_select;
    default:
      break;
  }
  if (state_.queue_select >= queues_.size()) return 0;  // a size of 0: no such queue
  const VirtqueueState& queue = queues_[state_.queue_select].state();
  switch (field) {
    case kQueueSize:
      return queue.size;
    case kQueueVector:
      return queue.vector;
    case kQueueEnable:
      return queue.enabled ? 1 : 0;
    case kQueueNotifyOffset:
      return state_.queue_select;
    case kQueueDescriptors:
      return queue.descriptors;
    case kQueueDriver:
      return queue.driver;
    case kQueueDevice:
      return queue.device;
    default:
      return 0;
  }
}

void VirtioPci::write_common_field(u32 field, u64 value) {
  const u32 low = static_cast<u32>(value);
  const auto vector = [this](u64 v) {
    return v < pci_state().msix.table.size() ? static_cast<u16>(v) : kNoVector;
  };
  switch (field) {
    case kDeviceFeatureSelect:
      state_.device_feature_select = low;
      return;
    case kDriverFeatureSelect:
      state_.driver_feature_select = low;
      return;
    case kDriverFeature: {
      if ((state_.status & kFeaturesOk) != 0 || state_.driver_feature_select > 1) return;
      const unsigned shift = 32 * state_.driver_feature_select;
      state_.driver_features = (state_.driver_features & ~(u64{0xffff'ffff} << shift)) | u64{low} << shift;
      return;
    }
    case kConfigVector:
      state_.config_vector = vector(value);
      return;
    case kStatus:
      write_status(static_cast<u8>(value));
      return;
    case kQueueSelect:
      state_.queue_select = static_cast<u16>(value);
      return;
    default:
      break;
  }
  if (state_.queue_select >= queues_.size()) return;
  Virtqueue& queue = queues_[state_.queue_select];
  if (field == kQueueVector) {
    queue.state().vector = vector(value);
  } else if (!queue.state().enabled) {  // 4.1.4.3.2: not to be changed afterwards
    write_queue_field(queue, field, value);
  }
}

void VirtioPci::write_queue_field(Virtqueue& queue, u32 field, u64 value) {
  VirtqueueState& state = queue.state();
  switch (field) {
    case kQueueSize:
      if (value != 0 && value <= queue_size_ && std::has_single_bit(value))
        state.size = static_cast<u16>(value);
      break;
    case kQueueEnable:
      if (value == 1) enable_queue(queue);
      break;
    case kQueueDescriptors:
      state.descriptors = value;
      break;
    case kQueueDriver:
      state.driver = value;
      break;
    case kQueueDevice:
      state.device = value;
      break;
    default:
      break;
  }
}

void VirtioPci::enable_queue(Virtqueue& queue) {
  VirtqueueState& state = queue.state();
  // Alignments of 2.7; features are settled before queues are (3.1.1).
  const bool aligned = state.descriptors % 16 == 0 && state.driver % 2 == 0 && state.device % 4 == 0;
  if (!aligned || (state_.status & kFeaturesOk) == 0) {
    broken();
    return;
  }
  state.indirect = negotiated(kRingIndirect);
  state.event_idx = negotiated(kRingEventIdx);
  state.enabled = true;
}

void VirtioPci::write_status(u8 value) {
  if (value == 0) {
    reset_transport();
    return;
  }
  u8 wanted = value & static_cast<u8>(~kNeedsReset);
  const bool acceptable = (state_.driver_features & ~features_) == 0 && negotiated(kVersion1);
  if ((wanted & kFeaturesOk) != 0 && (state_.status & kFeaturesOk) == 0 && !acceptable)
    wanted = static_cast<u8>(wanted & ~kFeaturesOk);
  const bool was_running = running();
  state_.status |= wanted;  // bits are only ever added (2.1.1)
  if ((state_.status & kDriverOk) != 0 && (state_.status & kFeaturesOk) == 0) state_.status |= kNeedsReset;
  if (was_running || !running()) return;
  // Buffers made available before DRIVER_OK were waiting for it.
  for (u16 index = 0; index < queues_.size(); ++index)
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
