// A decoded operation: what a handler needs, in one small record.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::cpu {
struct Cpu;
}

namespace hvlab::decode {

struct Op;

/// What executing one instruction came to.
enum class Outcome : u8 {
  Next,   // done; go on with the following instruction
  Exit,   // done; as Next, but leave the block so that pending events and modes are looked at first
  Jump,   // done; RIP has been set; leave the block
  Fault,  // not done: Cpu::fault says which exception; RIP and all registers as before
  Retry,  // not done, no effect: do it again outside the block (a device access, time to be charged first)
  Miss,  // not done, no effect: the threaded form met a page that the soft TLB lacks; the returning form does
         // it
  Repeat,  // a repeated string instruction did some of its elements and stands where it was
  World,   // the processor has moved between guest and host: all state is the other's (only outside blocks)
};

/// The threaded form of a handler: does the operation, then calls the next handler as its last act. `budget`
/// is what is left of the run's cycles at the start of the block; `result` and `carries` are the lazy flags.
using Threaded = void(cpu::Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);

/// The returning form: does the operation with everything in the Cpu. Cpu::rip is this instruction's address.
using Returning = Outcome(cpu::Cpu& cpu, const Op& op);

struct Handlers {
  Threaded* threaded = nullptr;
  Returning* returning = nullptr;
};

/// Which operand is the memory operand.
inline constexpr u8 kNoMemory = 0xFF;

/// Byte offset in Cpu::gpr of the register that always reads 0: base or index of an address without one.
inline constexpr u8 kZeroRegister = 16 * 8;
/// Byte offset in Cpu::gpr of the start of the block: the base of RIP-relative addresses, whose displacement
/// the decoder counts from there.
inline constexpr u8 kBlockRegister = 17 * 8;

/// Op::flags.
namespace op_flag {
inline constexpr u8 kRep = 1;    // F3
inline constexpr u8 kRepne = 2;  // F2
inline constexpr u8 kLock = 4;   // F0
}  // namespace op_flag

/// Op::needs: states of the processor that forbid the instruction; tested against Cpu::denied in one go, and
/// resolved into the right exception by sim/execute/deny.cpp.
namespace need {
inline constexpr u8 kCpl0 = 1;       // #GP(0) unless CPL = 0
inline constexpr u8 kProtected = 2;  // #UD in real and virtual-8086 mode
inline constexpr u8 kX87 = 4;        // #NM if CR0.EM or CR0.TS
inline constexpr u8 kMmx = 8;        // #UD if CR0.EM; #NM if CR0.TS
inline constexpr u8 kSse = 16;       // #UD if CR0.EM or not CR4.OSFXSR; #NM if CR0.TS
inline constexpr u8 kWait = 32;      // #NM if CR0.MP and CR0.TS
inline constexpr u8 kFxsave = 64;    // #NM if CR0.EM or CR0.TS (FXSAVE, FXRSTOR)
}  // namespace need

/// One decoded instruction. Register operands of general registers are byte offsets into Cpu::gpr (register *
/// 8, plus 1 for AH, CH, DH, BH); of all other files (XMM, MMX, ST, segment, control, debug) the register's
/// number.
struct Op {
  Threaded* handler;
  Returning* step;
  i64 imm;            // immediate (sign-extended to 64 bits); direct branches: the Block they stand in
  i32 disp;           // displacement; direct branches: target as an offset from the block's start
  u8 reg[3];          // operands 0..2 where they are registers (implicit ones not counted)
  u8 mem;             // index of the memory operand, or kNoMemory
  u8 base, index;     // byte offsets into Cpu::gpr, kZeroRegister where absent
  u8 shift;           // log2 of the index's scale
  u8 segment;         // arch::Segment of the memory operand (string instructions: of the source)
  u8 length;          // bytes
  u8 flags;           // op_flag
  u8 needs;           // need
  u8 number;          // position in the block
  u16 offset;         // of this instruction from the block's start
  u16 cycles_before;  // cost of the block's instructions before this one
  u16 cost;           // of this one
  u16 mnemonic;       // decode::Mnemonic
  u8 operand_bytes;   // effective operand size: 2, 4 or 8
  u8 address_bytes;   // effective address size: 2, 4 or 8
  bool relative;      // a branch to disp; imm is the Block
  u8 memory_bytes;    // size of the memory operand (0: none, or more than 255)
  u8 intercept;       // decode::Intercept
  u8 imm2;            // second immediate (ENTER, EXTRQ); third operand's immediate otherwise in imm
};

static_assert(sizeof(Op) <= 64);

}  // namespace hvlab::decode
