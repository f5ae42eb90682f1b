// Why a VMX guest was left: the exit reason and how a trace holds it (SDM vol. 3, 25.9.1 and appendix C).
#pragma once

#include <string_view>

#include "sim/base/bits.hpp"

namespace hvlab::arch::vmx {

/// The basic exit reason: bits 15..0 of the exit-reason field.
enum class ExitReason : u16 {
#define EXIT(id, number, name, exit_class, section) id = (number),
#include "sim/arch/vmx_exits.inc"
#undef EXIT
};

/// Bit 31 of the exit-reason field: the guest was not entered (27.8).
inline constexpr u32 kEntryFailure = u32{1} << 31;

/// What EventKind::VmExit's `a` has above the 32-bit exit-reason field: with this bit alone above it the exit
/// is VMX's. SVM's codes have nothing above bit 31 but VMEXIT_INVALID, which is all ones.
inline constexpr u64 kExitMark = bit(32);

constexpr u64 exit_code(u32 reason_field) { return kExitMark | reason_field; }
constexpr bool is_exit_code(u64 code) { return (code >> 32) == 1; }
constexpr ExitReason basic_reason(u64 code) { return static_cast<ExitReason>(code & 0xFFFF); }
constexpr bool entry_failed(u64 code) { return (code & kEntryFailure) != 0; }

/// The reason's name as Linux prints it ("EPT_VIOLATION"); "?" if there is none.
struct ExitName {
  std::string_view name;
  std::string_view section;  // of the SDM, vol. 3
};
ExitName exit_name(ExitReason reason);

}  // namespace hvlab::arch::vmx
