// Descriptors and segment registers: fetching, checking, loading (SDM vol. 3, 3.4 and 5.5; vol. 2, MOV, LLDT,
// LTR).
//
// Functions of this room return Outcome::Next when done and Outcome::Fault (Cpu::fault set, registers as
// before) when not. `external` is the EXT bit, 0 or 1, that their selector error codes carry.
#pragma once

#include "sim/mmu/access.hpp"

namespace hvlab::control {

using arch::Exception;
using cpu::Cpu;
using cpu::raise;
using cpu::SegmentRegister;
using decode::Outcome;
using mmu::Rights;

constexpr bool ok(Outcome outcome) { return outcome == Outcome::Next; }

/// Raises `vector` with the error code of `selector` (SDM vol. 3, 6.13).
inline Outcome raise_selector(Cpu& cpu, Exception vector, u16 selector, u32 external = 0) {
  return raise(cpu, vector, (selector & ~3u) | external);
}

/// A linear address of a system table: 32 bits outside IA-32e mode.
inline u64 table_address(const Cpu& cpu, u64 address) {
  return cpu.long_active() ? address : static_cast<u32>(address);
}

/// A descriptor and where it stands.
struct TableEntry {
  arch::Descriptor descriptor;
  u64 linear = 0;
};

/// Reads the descriptor that `selector` (not null) names from the GDT or the LDT. Outside the table's limit:
/// `vector` with the selector's error code.
Outcome fetch_descriptor(Cpu& cpu, u16 selector, Exception vector, u32 external, TableEntry& entry);

/// Reads the upper half of a 16-byte system descriptor of IA-32e mode. Outside the limit, or a type field
/// there that is not 0: #GP(selector).
Outcome fetch_upper(Cpu& cpu, u16 selector, u32 external, const TableEntry& entry, u64& upper);

/// Sets the accessed bit in the descriptor table, if it is not set there already.
Outcome set_accessed(Cpu& cpu, TableEntry& entry);

/// A segment register holding a descriptor.
SegmentRegister make_segment(u16 selector, const arch::Descriptor& descriptor);

/// A segment register holding a null selector; `dpl` is what SS keeps of the CPL.
constexpr SegmentRegister null_segment(u16 selector, u8 dpl = 0) {
  return {.base = 0,
          .limit = 0,
          .attributes = arch::attribute::kUnusable | static_cast<u32>(dpl) << arch::attribute::kDplShift,
          .selector = selector};
}

/// What loading `selector` makes of `old` in real mode (limit and attributes stay: SDM vol. 3, 9.9.2) and in
/// virtual-8086 mode (SDM vol. 3, 20.2).
SegmentRegister real_segment(const SegmentRegister& old, u16 selector);
SegmentRegister v8086_segment(u16 selector);

/// MOV, POP, LDS ... to ES, SS, DS, FS or GS with all checks of the mode in force.
Outcome load_segment(Cpu& cpu, unsigned segment, u16 selector);

/// The same into `result` only, nothing changed but the accessed bit, at privilege `cpl`, in protected mode:
/// what a load of SS (`vector`: #GP for MOV, #TS for a task switch) and of a data segment checks.
Outcome check_stack_segment(Cpu& cpu, u16 selector, u8 cpl, Exception vector, u32 external,
                            SegmentRegister& result);
Outcome check_data_segment(Cpu& cpu, u16 selector, u8 cpl, Exception vector, u32 external,
                           SegmentRegister& result);

/// LLDT and LTR (protected mode, CPL 0 checked by the caller).
Outcome load_ldtr(Cpu& cpu, u16 selector);
Outcome load_tr(Cpu& cpu, u16 selector);

/// On a return to the outer level `cpl`: ES, DS, FS and GS that may not be used there become null (SDM vol.
/// 3, 5.8.6).
void drop_inner_segments(Cpu& cpu, u8 cpl);

/// What LAR, LSL, VERR and VERW ask: the descriptor of `selector` if it is within its table; nothing is
/// raised except a page fault. `found` is false where ZF is to be cleared.
Outcome look_up(Cpu& cpu, u16 selector, TableEntry& entry, bool& found);

}  // namespace hvlab::control
