// What Xen's interface fixes and a watcher can rely on: its part of the address space, its hypercalls, and
// why paravirtual guests are left. Xen 4.17: arch/x86/include/asm/config.h and public/xen.h.
#pragma once

#include <optional>
#include <string_view>

#include "sim/base/bits.hpp"

namespace hvlab::arch::xen {

// --- the address space that all top-level tables share while Xen runs (config.h, "Memory layout") ---

inline constexpr unsigned kLinearSlot = 258;  // maps the table itself: the linear page table
inline constexpr unsigned kDomainSlot = 260;  // per-domain mappings: the domain's own table
inline constexpr u64 kDomainArea = 0xFFFF'8200'0000'0000;
inline constexpr u64 kDomainAreaBytes = bit(39);
/// There the GDTs of a paravirtual domain's virtual processors stand, so far apart.
inline constexpr unsigned kVcpuShift = 17;
inline constexpr u64 kMostVcpus = 4096;
inline constexpr u64 kText = 0xFFFF'82D0'4000'0000, kTextBytes = bit(30);

/// True if code at `rip` is Xen's own.
constexpr bool in_text(u64 rip) { return rip - kText < kTextBytes; }

/// Number of the virtual processor whose GDT begins at `base`; nothing if that is none of a paravirtual
/// domain.
constexpr std::optional<unsigned> vcpu_of_gdt(u64 base) {
  const u64 number = (base - kDomainArea) >> kVcpuShift;
  if (base - kDomainArea >= kDomainAreaBytes || number >= kMostVcpus) return std::nullopt;
  return static_cast<unsigned>(number);
}

// --- hypercalls (xen.h, sched.h) ---

inline constexpr u8 kHypercallVector = 0x82;
inline constexpr u64 kSchedOp = 29;
enum class Sched : u8 { Yield = 0, Block = 1, Shutdown = 2, Poll = 3 };

/// "mmu_update"; "?" for numbers that are none.
std::string_view hypercall_name(u64 number);

// --- why a paravirtual guest was left ---

enum class Exit : u8 {
#define PV_EXIT(number, id, name, exit_class, what) id = (number),
#include "sim/arch/pv_exits.inc"
#undef PV_EXIT
};

inline constexpr u64 kExceptions = 0x20;  // exits below are exceptions

/// What EventKind::VmExit's `a` has above such a number; see also vmx::kExitMark.
inline constexpr u64 kExitMark = bit(33);
constexpr u64 exit_code(u64 number) { return kExitMark | number; }
constexpr u64 exit_code(Exit exit) { return exit_code(static_cast<u64>(exit)); }
constexpr bool is_exit_code(u64 code) { return (code >> 32) == 2; }
constexpr u64 exit_number(u64 code) { return code & 0xFFFF'FFFF; }

/// The row of pv_exits.inc that `code` is in: its own, or the series of exceptions. Nothing if there is none.
std::optional<Exit> exit_row(u64 code);
/// The row's name; of the series without its number.
std::string_view exit_name(Exit row);

}  // namespace hvlab::arch::xen
