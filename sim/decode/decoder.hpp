// From instruction bytes to a form and an operation: the only user of Zydis.
#pragma once

#include "sim/decode/form.hpp"

namespace hvlab::decode {

/// What the bytes came to.
enum class Decoded : u8 {
  Ok,
  Undefined,  // no instruction: #UD
  TooLong,    // more than 15 bytes: #GP(0)
  Truncated,  // `available` bytes do not hold the whole instruction
};

/// Decodes one instruction at `code`, of which `available` bytes (1..15) may be read, for code of
/// `code_bytes` (2, 4, 8) with a stack of `stack_bytes`. Fills `form` and the operand fields, length, flags,
/// mnemonic, operand_bytes and address_bytes of `op`. For relative branches `imm` is the displacement from
/// the next instruction. For far immediate pointers imm is the offset and disp the selector. RIP-relative
/// operands get base kBlockRegister and a displacement from this instruction's *start* plus its length; the
/// caller adds the instruction's offset in its block.
Decoded decode(const u8* code, size_t available, u8 code_bytes, u8 stack_bytes, Form& form, Op& op);

}  // namespace hvlab::decode
