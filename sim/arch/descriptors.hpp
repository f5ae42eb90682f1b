// Segment descriptors, gates, selectors and task-state segments (SDM vol. 3, 3.4, 5.8, 8.2).
#pragma once

#include "sim/base/bits.hpp"

namespace hvlab::arch {

/// System-descriptor types (SDM vol. 3, table 3-2).
enum class SystemType : u8 {
  Tss16Available = 1,
  Ldt = 2,
  Tss16Busy = 3,
  CallGate16 = 4,
  TaskGate = 5,
  InterruptGate16 = 6,
  TrapGate16 = 7,
  TssAvailable = 9,
  TssBusy = 11,
  CallGate = 12,
  InterruptGate = 14,
  TrapGate = 15,
};

/// The attribute word of a segment: descriptor bits 40..47 in bits 0..7 and 52..55 in bits 12..15, the layout
/// that VMCS access rights use (SDM vol. 3, 25.4.1); bit 16 = unusable.
namespace attribute {
inline constexpr u32 kTypeMask = 0xF, kAccessed = 1, kWritable = 2 /* data */, kReadable = 2 /* code */,
                     kExpandDown = 4 /* data */, kConforming = 4 /* code */, kCode = 8, kNonSystem = 0x10,
                     kDplShift = 5, kPresent = 0x80, kAvl = 0x1000, kLong = 0x2000, kDefaultBig = 0x4000,
                     kGranularity = 0x8000, kUnusable = 0x10000;
}  // namespace attribute

/// A selector's parts.
constexpr u16 selector_index(u16 selector) { return static_cast<u16>(selector & ~7); }
constexpr bool selector_local(u16 selector) { return (selector & 4) != 0; }
constexpr u8 selector_rpl(u16 selector) { return static_cast<u8>(selector & 3); }
constexpr bool selector_null(u16 selector) { return (selector & ~3) == 0; }

/// An 8-byte descriptor as it stands in a table.
struct Descriptor {
  u64 raw = 0;

  constexpr u32 base() const { return static_cast<u32>(bits(raw, 39, 16) | (bits(raw, 63, 56) << 24)); }
  /// The limit in bytes, granularity applied.
  constexpr u32 limit() const {
    const u32 value = static_cast<u32>(bits(raw, 15, 0) | (bits(raw, 51, 48) << 16));
    return test_bit(raw, 55) ? (value << 12) | 0xFFF : value;
  }
  constexpr u32 attributes() const { return static_cast<u32>(bits(raw, 47, 40) | (bits(raw, 55, 52) << 12)); }
  constexpr u8 type() const { return static_cast<u8>(bits(raw, 43, 40)); }
  constexpr bool non_system() const { return test_bit(raw, 44); }
  constexpr u8 dpl() const { return static_cast<u8>(bits(raw, 46, 45)); }
  constexpr bool present() const { return test_bit(raw, 47); }
  constexpr bool long_code() const { return test_bit(raw, 53); }
  constexpr bool default_big() const { return test_bit(raw, 54); }
  constexpr bool code() const { return non_system() && test_bit(raw, 43); }
  constexpr bool conforming() const { return test_bit(raw, 42); }
  constexpr bool readable_or_writable() const { return test_bit(raw, 41); }
  constexpr bool is(SystemType t) const { return !non_system() && type() == static_cast<u8>(t); }

  // As a gate.
  constexpr u16 gate_selector() const { return static_cast<u16>(bits(raw, 31, 16)); }
  constexpr u32 gate_offset() const { return static_cast<u32>(bits(raw, 15, 0) | (bits(raw, 63, 48) << 16)); }
  constexpr u8 gate_parameters() const { return static_cast<u8>(bits(raw, 36, 32)); }
  constexpr u8 gate_ist() const { return static_cast<u8>(bits(raw, 34, 32)); }
};

}  // namespace hvlab::arch
