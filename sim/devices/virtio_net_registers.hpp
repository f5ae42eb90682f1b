// The virtio network device's feature bits, packet header and control commands. VIRTIO 1.2, section 5.1.
#pragma once

#include <array>

#include "sim/base/bits.hpp"
#include "sim/base/types.hpp"

namespace hvlab::devices::virtio::net {

/// Feature bits (5.1.3).
inline constexpr u64 kChecksum = bit(0), kGuestChecksum = bit(1), kMac = bit(5), kSegment4 = bit(11),
                     kSegment6 = bit(12), kMergeable = bit(15), kStatus = bit(16), kControl = bit(17),
                     kReceiveMode = bit(18), kVlanFilter = bit(19), kReceiveModeExtra = bit(20),
                     kSetMac = bit(23), kSpeedDuplex = bit(63);

/// A feature and those without which a driver may not take it (5.1.3.1): any one of `needs`.
struct Requirement {
  u64 feature, needs;
};
inline constexpr Requirement kRequirements[] = {
    {kSegment4, kChecksum},  {kSegment6, kChecksum},        {kReceiveMode, kControl},
    {kVlanFilter, kControl}, {kReceiveModeExtra, kControl}, {kSetMac, kControl},
};

/// Queues (5.1.2).
inline constexpr u16 kReceive = 0, kTransmit = 1, kControlQueue = 2, kQueues = 3;

/// Device configuration (5.1.4).
inline constexpr u32 kMacAt = 0, kLinkStatusAt = 6, kSpeedAt = 12, kDuplexAt = 16, kConfigBytes = 17;
inline constexpr u16 kLinkUp = 1;

/// What precedes each packet (5.1.6).
struct Header {
  u8 flags = 0;
  u8 segmentation = 0;
  u16 header_bytes = 0;  // a hint
  u16 segment_bytes = 0;
  u16 checksum_start = 0;
  u16 checksum_offset = 0;
  u16 buffers = 0;
};
static_assert(sizeof(Header) == 12);
inline constexpr u8 kNeedsChecksum = 1, kDataValid = 2;       // flags
inline constexpr u8 kSegmentsNone = 0, kTcp4 = 1, kTcp6 = 4;  // segmentation

/// Control commands (5.1.6.5): class, command, data; the device answers with a byte.
inline constexpr u8 kOk = 0, kError = 1;
inline constexpr u8 kClassReceive = 0, kClassMac = 1, kClassVlan = 2;
enum ReceiveCommand : u8 {
  kPromiscuous,
  kAllMulticast,
  kAllUnicast,
  kNoMulticast,
  kNoUnicast,
  kNoBroadcast,
  kReceiveCommands
};
inline constexpr u8 kMacTable = 0, kMacAddress = 1;
inline constexpr u8 kVlanAdd = 0, kVlanRemove = 1;

}  // namespace hvlab::devices::virtio::net
