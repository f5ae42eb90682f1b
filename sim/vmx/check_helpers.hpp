// What several of the VM-entry checks ask.
#pragma once

#include <cstring>
#include <iterator>
#include <utility>

#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"
#include "sim/vmx/checks.hpp"

namespace hvlab::vmx {

using arch::msr::pat_valid;
using arch::vmx::Control;
using arch::vmx::Field;
using arch::vmx::Word;
using In = const EntryState&;

// Fields as wide as the manual has them: a region may be written as memory, past what VMWRITE allows.
inline u32 field32(In e, Field f) { return static_cast<u32>(e.vmcs[f]); }
inline u16 field16(In e, Field f) { return static_cast<u16>(e.vmcs[f]); }

inline bool has(In e, Control c) { return e.controls.has(c); }

/// Reserved bits of a word of controls are as the capability MSRs say (A.3 to A.5).
inline bool word_allowed(In e, Word w, Field f) {
  const u32 value = field32(e, f), ones = e.cpu.vmx.allowed0[static_cast<size_t>(w)];
  return (value & ~e.cpu.vmx.allowed1[static_cast<size_t>(w)]) == 0 && (value & ones) == ones;
}

/// The address sets bits beyond the processor's physical-address width. (IA32_VMX_BASIC bit 48 is 0.)
inline bool beyond(In e, u64 address) { return (address >> e.cpu.identity.physical_address_bits) != 0; }
/// The address of a 4-KiB page in the processor's physical address space.
inline bool page_address(In e, u64 address) { return (address & 0xFFF) == 0 && !beyond(e, address); }

/// Memory as the checks read it: what is not RAM reads as all ones, without anything behind it noticing.
template <class T>
T peek(const cpu::Cpu& cpu, u64 address) {
  T value = static_cast<T>(~T{0});
  const u8* page = cpu.bus->ram_page(align_down(address, 4096));
  if (page != nullptr) std::memcpy(&value, page + address % 4096, sizeof value);
  return value;
}

/// All rules of a table known at compile time, in one piece of code.
template <const auto& kTable>
[[gnu::always_inline]] inline bool all_hold(In e) {
  return [&]<size_t... kRow>(std::index_sequence<kRow...>) {
    return (kTable[kRow].holds(e) && ...);
  }(std::make_index_sequence<std::size(kTable)>());
}
/// Those that read memory.
template <const auto& kTable>
[[gnu::always_inline]] inline bool all_of_memory_hold(In e) {
  return [&]<size_t... kRow>(std::index_sequence<kRow...>) {
    return ((!kTable[kRow].reads_memory || kTable[kRow].holds(e)) && ...);
  }(std::make_index_sequence<std::size(kTable)>());
}

/// Bits of CR0 that VM entry and VM exit leave as they are, and which are therefore not checked.
inline constexpr u64 kUncheckedCr0 = arch::cr0::kNw | arch::cr0::kCd;

/// No bit has a value that VMX operation does not support (24.8).
inline bool fixed_bits_hold(u64 value, u64 fixed0, u64 fixed1, u64 unchecked) {
  return ((value & fixed0) | unchecked) == (fixed0 | unchecked) && (value & ~fixed1 & ~unchecked) == 0;
}

/// Bits of EFER that exist.
inline u64 efer_bits(In e) {
  using arch::Feature;
  const auto with = [&](Feature f, u64 which) { return e.cpu.has(f) ? which : 0; };
  return with(Feature::Syscall, arch::efer::kSce) | with(Feature::Nx, arch::efer::kNxe) |
         with(Feature::Lm, arch::efer::kLme | arch::efer::kLma);
}
/// Bits of IA32_DEBUGCTL that exist.
inline constexpr u64 kDebugCtlBits = arch::msr::kDebugCtlLbr | arch::msr::kDebugCtlBtf;
/// There are no performance counters of Intel's, and so no bits of IA32_PERF_GLOBAL_CTRL.
inline constexpr u64 kPerfGlobalCtrlBits = 0;

/// The VM-entry interruption-information field.
inline u32 interruption_info(In e) { return field32(e, Field::EntryInterruptionInfo); }
inline bool injects(In e) { return (interruption_info(e) & arch::vmx::interruption::kValid) != 0; }
inline bool injects(In e, arch::vmx::interruption::Type type) {
  return injects(e) && arch::vmx::interruption::type_of(interruption_info(e)) == type;
}

inline bool guest_rflag(In e, u64 mask) { return (e.vmcs[Field::GuestRflags] & mask) != 0; }
inline bool guest_cr0(In e, u64 mask) { return (e.vmcs[Field::GuestCr0] & mask) != 0; }

}  // namespace hvlab::vmx
