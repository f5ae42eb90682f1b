// The packet interface of a CD drive: registers as PACKET uses them (ATA/ATAPI-6, 8.23 and 9.8), and what
// packets and sense data hold (INCITS 360-2002, "MMC-4"; INCITS 408-2005, "SPC-3").
#pragma once

#include <cstddef>

#include "sim/base/types.hpp"

namespace hvlab::devices::atapi {

inline constexpr u64 kBlockBytes = 2048;
inline constexpr size_t kPacketBytes = 12;

/// ATA commands that only packet devices have.
inline constexpr u8 kPacket = 0xa0, kIdentifyPacketDevice = 0xa1;
/// PACKET's features register.
inline constexpr u8 kDma = 0x01, kOverlapped = 0x02;
/// The sector count register says what is being moved, and where to.
inline constexpr u8 kIsCommand = 0x01, kToHost = 0x02;
inline constexpr u8 kStatusPhase = kIsCommand | kToHost;

/// Operation codes: the packet's first byte.
enum Operation : u8 {
  kTestUnitReady = 0x00,
  kRequestSense = 0x03,
  kInquiry = 0x12,
  kStartStopUnit = 0x1b,
  kPreventAllowRemoval = 0x1e,
  kReadCapacity = 0x25,
  kRead10 = 0x28,
  kSeek10 = 0x2b,
  kReadToc = 0x43,
  kGetConfiguration = 0x46,
  kGetEventStatus = 0x4a,
  kReadDiscInformation = 0x51,
  kModeSense10 = 0x5a,
  kRead12 = 0xa8,
  kSetCdSpeed = 0xbb,
  kMechanismStatus = 0xbd,
};

/// Why a packet was not carried out: sense key and additional sense code with its qualifier.
struct Sense {
  u8 key = 0, code = 0, qualifier = 0;
};
inline constexpr Sense kNoSense{}, kNoDisc{2, 0x3a, 0x02}, kUnreadable{3, 0x11, 0x00},
    kUnknownOperation{5, 0x20, 0x00}, kOutOfRange{5, 0x21, 0x00}, kInvalidField{5, 0x24, 0x00},
    kNoSavedPages{5, 0x39, 0x00}, kRemovalPrevented{5, 0x53, 0x02}, kDiscChanged{6, 0x28, 0x00},
    kSwitchedOn{6, 0x29, 0x00};

/// Profiles of GET CONFIGURATION; discs up to 80 minutes are CDs.
inline constexpr u16 kCdRom = 0x0008, kDvdRom = 0x0010;
inline constexpr u64 kLargestCd = u64{80} * 60 * 75 * kBlockBytes;

}  // namespace hvlab::devices::atapi
