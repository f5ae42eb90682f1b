// Checks of a code segment that control is about to go to (SDM vol. 3, 5.8.1).
#pragma once

#include "sim/control/stack.hpp"

namespace hvlab::control {

/// True if `rip` may be executed in `cs`: within its limit, or canonical in a 64-bit code segment.
bool code_address_valid(const Cpu& cpu, const SegmentRegister& cs, u64 rip);

/// The code segment of a direct far jump or call, or (`gate`) of a call gate, whose target `d` was fetched
/// with `selector`. `level` becomes the privilege level there: inner only for a `gate` with `call`.
enum class Through : u8 { Direct, GateJump, GateCall };
Outcome enter_segment(Cpu& cpu, u16 selector, TableEntry& entry, Through through, SegmentRegister& cs,
                      u8& level);

/// The code segment of a far return or IRET to `selector`, whose RPL is the new privilege level.
Outcome return_segment(Cpu& cpu, u16 selector, SegmentRegister& cs);

/// SS of a return to the level of `cs` (SDM vol. 2, RET and IRET: a null SS may be loaded for 64-bit code
/// outside ring 3).
Outcome return_stack(Cpu& cpu, u16 selector, const SegmentRegister& cs, SegmentRegister& ss);

/// Reads `bytes` (2, 4, 8) at `depth` above the top of the current stack.
mmu::Loaded<u64> peek_sized(Cpu& cpu, unsigned bytes, unsigned depth);

/// Makes code and stack of a return to an outer (or, in 64-bit mode, any) level current and drops what ES..GS
/// may not keep. `sp` is cut to the width of `ss`.
void return_outer(Cpu& cpu, const SegmentRegister& cs, u64 rip, const SegmentRegister& ss, u64 sp);

}  // namespace hvlab::control
