// Extended page tables: entries (SDM vol. 3, tables 29-1 to 29-7), and what the VM exits of the second stage
// and of the APIC-access page tell (tables 28-6 and 28-7).
#pragma once

#include "sim/base/bits.hpp"

namespace hvlab::arch::ept {

inline constexpr u64 kRead = bit(0), kWrite = bit(1), kExecute = bit(2), kIgnorePat = bit(6), kPage = bit(7),
                     kAccessed = bit(8), kDirty = bit(9),
                     kExecuteUser =
                         bit(10);  // with mode-based execute control; kExecute is the supervisor's then
inline constexpr u64 kSuppressVe = bit(63);  // of entries that map a page, and of those not present

/// Bits 5..3 of an entry that maps a page (29.3.7); 2, 3 and 7 are reserved.
inline constexpr unsigned kMemoryTypeShift = 3;
enum class MemoryType : u8 {
  Uncacheable = 0,
  WriteCombining = 1,
  WriteThrough = 4,
  WriteProtected = 5,
  WriteBack = 6
};

/// Exit qualification of an EPT violation (table 28-7). Bits 3 to 6 are bits 0 to 2 and 10, as far as all
/// entries on the way have them; they are clear where an entry is not present.
namespace violation {
inline constexpr u64 kRead = bit(0), kWrite = bit(1), kFetch = bit(2), kReadable = bit(3), kWritable = bit(4),
                     kExecutable = bit(5), kExecutableUser = bit(6), kLinearValid = bit(7), kFinal = bit(8),
                     kUserMode = bit(9), kReadWrite = bit(10), kExecuteDisable = bit(11),
                     kNmiUnblocking = bit(12);
}  // namespace violation

/// Exit qualification of an APIC-access VM exit (table 28-6): the offset in the page where the access is
/// linear, the type in bits 15..12.
namespace apic_access {
inline constexpr u64 kOffset = low_mask(12);
inline constexpr unsigned kTypeShift = 12;
enum class Type : u8 {
  Read = 0,
  Write = 1,
  Fetch = 2,
  Delivery = 3,  // read or write
  Monitor = 4,
  GuestPhysicalDelivery = 10,  // not the translation of a linear address, during event delivery
  GuestPhysical = 15,          // ... in fetching or executing an instruction
};
}  // namespace apic_access

}  // namespace hvlab::arch::ept
