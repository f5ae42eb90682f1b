// Instructions by which drivers reach device memory: as many as the hypervisor has to do itself, since the
// processor only says at which address an access was made. Bytes in, plain data out: tested on the host.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

struct MemoryInstruction {
  enum class Operation : u8 {
    Load,      // register from memory, extended to `register_bytes`
    Store,     // memory from register or immediate
    Modify,    // memory = memory ALU operand
    Compare,   // flags from memory - operand, or operand - memory (`reversed`)
    Test,      // flags from memory AND operand
    Exchange,  // register and memory
    Fill,      // STOS
  };
  enum class Alu : u8 { Add, Or, Adc, Sbb, And, Sub, Xor, Cmp };

  Operation operation = Operation::Load;
  Alu alu = Alu::Add;
  u8 length = 0;
  u8 bytes = 0;            // of the access: 1, 2, 4, 8
  u8 gpr = 0;              // in encoding order; ignored with an immediate
  bool high_byte = false;  // AH, CH, DH, BH: `gpr` is the register that it is part of
  bool has_immediate = false;
  u64 immediate = 0;
  u8 register_bytes = 0;  // of Load
  bool sign = false;      // of Load
  bool reversed = false;  // of Compare: register first
  bool repeated = false;  // of Fill
  u8 address_bytes = 8;   // of Fill
};

/// Decodes the instruction in `code` for 64-bit, 32-bit or 16-bit code. False if it is none of these.
bool decode(const u8* code, unsigned count, unsigned code_bytes, MemoryInstruction& to);

/// Instructions about control registers and translations (shadow paging has to do them).
struct ControlInstruction {
  enum class Kind : u8 {
    None,
    Read,               // MOV from CRn
    Write,              // MOV to CRn
    ClearTaskSwitched,  // CLTS
    LoadStatusWord,     // LMSW from a register
    StoreStatusWord,    // SMSW to a register
    InvalidatePage,     // INVLPG
  };
  Kind kind = Kind::None;
  u8 length = 0, control = 0, gpr = 0;
  u8 bytes = 8;  // of StoreStatusWord
};

/// False if it is none of these.
bool decode_control(const u8* code, unsigned count, unsigned code_bytes, ControlInstruction& to);

/// The result of an ALU operation, and RFLAGS with its status flags in place.
u64 compute(MemoryInstruction::Alu alu, u64 left, u64 right, unsigned bytes, u64& flags);
/// Of TEST.
void test_flags(u64 left, u64 right, unsigned bytes, u64& flags);

}  // namespace hvlab::hypervisor
