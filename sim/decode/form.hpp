// What the table sees of an instruction when it picks the handler: operand kinds and sizes, without Zydis.
#pragma once

#include <span>

#include "sim/arch/features.hpp"
#include "sim/decode/cost_class.hpp"
#include "sim/decode/intercept.hpp"
#include "sim/decode/op.hpp"

namespace hvlab::decode {

enum class Mnemonic : u16 {
  Invalid,
#define MNEMONIC(m) m,
#include "sim/decode/mnemonics.inc"
#undef MNEMONIC
  Count
};

enum class Kind : u8 { None, Gpr, Memory, Immediate, Segment, Control, DebugReg, X87, Mmx, Xmm, Far };

/// One explicit operand.
struct Operand {
  Kind kind = Kind::None;
  u16 bits = 0;  // size
};

/// An instruction's shape. The Op already has its operands filled in; a selector may still change it.
struct Form {
  Mnemonic mnemonic = Mnemonic::Invalid;
  Operand operand[4];
  u8 operands = 0;       // explicit ones
  u8 operand_bytes = 4;  // effective operand size: 2, 4, 8
  u8 address_bytes = 4;
  u8 code_bytes = 4;  // 2, 4, 8
  u8 opcode = 0;      // last opcode byte
  u8 modrm = 0;       // 0 if there is none
  u8 map = 0;         // opcode map: 0 one-byte, 1 0F, 2 0F38, 3 0F3A
  bool rep = false, repne = false, lock = false;
  bool reads_memory = false, writes_memory = false;
  bool far = false;       // a far branch
  bool relative = false;  // the immediate is a branch displacement
  bool absolute = false;  // the memory operand is an absolute offset (MOV A0h..A3h), which is in Op::imm
  /// Bytes of operand `n` (0 if there is none).
  u8 bytes(unsigned n) const { return static_cast<u8>(operand[n].bits / 8); }
  bool memory(unsigned n) const { return operand[n].kind == Kind::Memory; }
};

/// Attributes of a row.
namespace row {
inline constexpr u16 kCpl0 = 1, kProtected = 2, kX87 = 4, kMmx = 8, kSse = 16, kWait = 32,
                     kFxsave = 64;    // Op::needs
inline constexpr u16 kEnds = 256;     // ends its block: what follows must look at events or modes first
inline constexpr u16 kStep = 512;     // always executed outside blocks (devices, far transfers, mode changes)
inline constexpr u16 kNo64 = 1024;    // #UD in 64-bit mode
inline constexpr u16 kOnly64 = 2048;  // #UD outside 64-bit mode
inline constexpr u16 kLockable = 4096;
}  // namespace row

using Selector = Handlers(const Form& form, Op& op);

/// One instruction of the table.
struct Row {
  Mnemonic mnemonic = Mnemonic::Invalid;
  Selector* select = nullptr;
  arch::Feature feature{};
  CostClass cost{};
  u16 attributes = 0;
  Intercept intercept = Intercept::None;
};

/// Picks the row of an instruction: the rows of its mnemonic are asked in the table's order, and the first
/// whose selector returns handlers has it. nullptr: there is none, so #UD. Defined in sim/execute/table.cpp.
const Row* find_row(const Form& form, Op& op, Handlers& handlers);
/// The whole table, for tests.
std::span<const Row> rows();
const char* name(Mnemonic mnemonic);

}  // namespace hvlab::decode
