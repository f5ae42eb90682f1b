// The common configuration structure of the virtio transport. VIRTIO 1.2, section 4.1.4.3.
#include <bit>

#include "sim/base/bits.hpp"
#include "sim/devices/virtio_pci.hpp"

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

u64 VirtioPci::common_read(u32 offset, unsigned size) const {
  const Field* field = common_field_at(offset, size);
  return field == nullptr ? 0 : bits(common_field(field->at) >> (8 * (offset - field->at)), 8 * size - 1, 0);
}

void VirtioPci::common_write(u32 offset, unsigned size, u64 value) {
  const Field* field = common_field_at(offset, size);
  if (field == nullptr) return;
  const unsigned shift = 8 * (offset - field->at);
  const u64 mask = low_mask(8 * size) << shift;
  write_common_field(field->at, (common_field(field->at) & ~mask) | (value << shift & mask));
}

u64 VirtioPci::common_field(u32 field) const {
  const auto half = [](u64 features, u32 select) {
    return select < 2 ? features >> (32 * select) & 0xffff'ffff : 0;
  };
  switch (field) {
    case kDeviceFeatureSelect: return state_.device_feature_select;
    case kDeviceFeature: return half(features_, state_.device_feature_select);
    case kDriverFeatureSelect: return state_.driver_feature_select;
    case kDriverFeature: return half(state_.driver_features, state_.driver_feature_select);
    case kConfigVector: return state_.config_vector;
    case kQueueCount: return queues_.size();
    case kStatus: return state_.status;
    case kConfigGeneration: return state_.config_generation;
    case kQueueSelect: return state_.queue_select;
    default: break;
  }
  if (state_.queue_select >= queues_.size()) return 0;  // a size of 0: no such queue
  const VirtqueueState& queue = queues_[state_.queue_select].state();
  switch (field) {
    case kQueueSize: return queue.size;
    case kQueueVector: return queue.vector;
    case kQueueEnable: return queue.enabled ? 1 : 0;
    case kQueueNotifyOffset: return state_.queue_select;
    case kQueueDescriptors: return queue.descriptors;
    case kQueueDriver: return queue.driver;
    case kQueueDevice: return queue.device;
    default: return 0;
  }
}

void VirtioPci::write_common_field(u32 field, u64 value) {
  const u32 low = static_cast<u32>(value);
  const auto vector = [this](u64 v) {
    return v < pci_state().msix.table.size() ? static_cast<u16>(v) : kNoVector;
  };
  switch (field) {
    case kDeviceFeatureSelect: state_.device_feature_select = low; return;
    case kDriverFeatureSelect: state_.driver_feature_select = low; return;
    case kDriverFeature: {
      if ((state_.status & kFeaturesOk) != 0 || state_.driver_feature_select > 1) return;
      const unsigned shift = 32 * state_.driver_feature_select;
      state_.driver_features = (state_.driver_features & ~(u64{0xffff'ffff} << shift)) | u64{low} << shift;
      return;
    }
    case kConfigVector: state_.config_vector = vector(value); return;
    case kStatus: write_status(static_cast<u8>(value)); return;
    case kQueueSelect: state_.queue_select = static_cast<u16>(value); return;
    default: break;
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
    case kQueueDescriptors: state.descriptors = value; break;
    case kQueueDriver: state.driver = value; break;
    case kQueueDevice: state.device = value; break;
    default: break;
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
  const bool acceptable = (state_.driver_features & ~features_) == 0 && negotiated(kVersion1) &&
                          features_fit(state_.driver_features);
  if ((wanted & kFeaturesOk) != 0 && (state_.status & kFeaturesOk) == 0 && !acceptable)
    wanted = static_cast<u8>(wanted & ~kFeaturesOk);
  const bool was_running = running();
  state_.status |= wanted;  // bits are only ever added (2.1.1)
  if ((state_.status & kDriverOk) != 0 && (state_.status & kFeaturesOk) == 0) state_.status |= kNeedsReset;
  if (was_running || !running()) return;
  // Buffers made available before DRIVER_OK were waiting for it.
  for (size_t index = 0; index < queues_.size(); ++index)
    if (running() && queues_[index].state().enabled) queue_notified(static_cast<u16>(index));
}

}  // namespace hvlab::devices
