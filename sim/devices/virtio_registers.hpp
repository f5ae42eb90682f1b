// The register map of a virtio function over PCI. Virtual I/O Device (VIRTIO) Version 1.2, sections 2
// and 4.1.4.
#pragma once

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::devices::virtio {

inline constexpr u16 kVendor = 0x1af4;
inline constexpr u16 kDeviceBase = 0x1040;  // + device type (4.1.2)
enum class Type : u16 { Net = 1, Block = 2, Console = 3, Entropy = 4 };

/// Device status (2.1).
inline constexpr u8 kAcknowledge = 1, kDriver = 2, kDriverOk = 4, kFeaturesOk = 8, kNeedsReset = 0x40,
                    kFailed = 0x80;

/// Feature bits of every device (6).
inline constexpr u64 kRingIndirect = bit(28), kRingEventIdx = bit(29), kVersion1 = bit(32);

/// Capability types (4.1.4).
enum class Capability : u8 { Common = 1, Notify = 2, Isr = 3, Device = 4, Pci = 5 };

/// Where they lie in the function's BAR: pages of their own.
inline constexpr unsigned kBar = 4, kMsixBar = 1;
inline constexpr u32 kCommonAt = 0x0000, kIsrAt = 0x1000, kDeviceAt = 0x2000, kNotifyAt = 0x3000,
                     kBarSize = 0x4000;
inline constexpr u32 kCommonBytes = 0x38, kNotifyMultiplier = 4;

/// Common configuration (4.1.4.3).
enum Common : u32 {
  kDeviceFeatureSelect = 0x00,
  kDeviceFeature = 0x04,
  kDriverFeatureSelect = 0x08,
  kDriverFeature = 0x0c,
  kConfigVector = 0x10,
  kQueueCount = 0x12,
  kStatus = 0x14,
  kConfigGeneration = 0x15,
  kQueueSelect = 0x16,
  kQueueSize = 0x18,
  kQueueVector = 0x1a,
  kQueueEnable = 0x1c,
  kQueueNotifyOffset = 0x1e,
  kQueueDescriptors = 0x20,
  kQueueDriver = 0x28,
  kQueueDevice = 0x30,
};

inline constexpr u16 kNoVector = 0xffff;
inline constexpr u8 kIsrQueue = 1, kIsrConfig = 2;  // 4.1.4.5

}  // namespace hvlab::devices::virtio
