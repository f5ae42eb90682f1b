// Selectors of the ordinary integer instructions, for the table.
#pragma once

#include "sim/execute/condition.hpp"
#include "sim/execute/wrap.hpp"

namespace hvlab::execute {

/// Light class template by the size of operand 0 (u8, u16, u32, u64).
template <template <class> class M>
Handlers light_by_size(const Form& form) {
  switch (form.bytes(0)) {
    case 1: return light<M<u8>>();
    case 2: return light<M<u16>>();
    case 4: return light<M<u32>>();
    default: return light<M<u64>>();
  }
}

// alu.cpp
Handlers select_add(const Form&, Op&);
Handlers select_or(const Form&, Op&);
Handlers select_adc(const Form&, Op&);
Handlers select_sbb(const Form&, Op&);
Handlers select_and(const Form&, Op&);
Handlers select_sub(const Form&, Op&);
Handlers select_xor(const Form&, Op&);
Handlers select_cmp(const Form&, Op&);
Handlers select_test(const Form&, Op&);
Handlers select_inc(const Form&, Op&);
Handlers select_dec(const Form&, Op&);
Handlers select_neg(const Form&, Op&);
Handlers select_not(const Form&, Op&);

// shift.cpp
Handlers select_shl(const Form&, Op&);
Handlers select_shr(const Form&, Op&);
Handlers select_sar(const Form&, Op&);
Handlers select_rol(const Form&, Op&);
Handlers select_ror(const Form&, Op&);
Handlers select_rcl(const Form&, Op&);
Handlers select_rcr(const Form&, Op&);
Handlers select_shld(const Form&, Op&);
Handlers select_shrd(const Form&, Op&);

// move.cpp
Handlers select_mov(const Form&, Op&);
Handlers select_movzx(const Form&, Op&);
Handlers select_movsx(const Form&, Op&);
Handlers select_lea(const Form&, Op&);
Handlers select_xchg(const Form&, Op&);
Handlers select_push(const Form&, Op&);
Handlers select_pop(const Form&, Op&);
Handlers select_leave(const Form&, Op&);
Handlers select_nop(const Form&, Op&);
Handlers select_widen(const Form&, Op&);  // CBW CWDE CDQE CWD CDQ CQO
Handlers select_movbe(const Form&, Op&);

// mark.cpp
Handlers select_mark(const Form&, Op&);  // NOPs that are marks

// conditional.cpp
Handlers select_setcc(const Form&, Op&);
Handlers select_cmovcc(const Form&, Op&);
Handlers select_flag(const Form&, Op&);  // CLC STC CMC CLD STD LAHF SAHF SALC

// multiply.cpp
Handlers select_mul(const Form&, Op&);
Handlers select_imul(const Form&, Op&);
Handlers select_div(const Form&, Op&);
Handlers select_idiv(const Form&, Op&);

// bit.cpp
Handlers select_bt(const Form&, Op&);        // BT BTS BTR BTC
Handlers select_bit_scan(const Form&, Op&);  // BSF BSR TZCNT LZCNT POPCNT
Handlers select_bswap(const Form&, Op&);
Handlers select_crc32(const Form&, Op&);
Handlers select_bmi(const Form&, Op&);  // ANDN BEXTR BLSI BLSMSK BLSR BZHI PDEP PEXT RORX SARX SHLX SHRX MULX

// exchange.cpp
Handlers select_cmpxchg(const Form&, Op&);
Handlers select_cmpxchg8b(const Form&, Op&);
Handlers select_xadd(const Form&, Op&);

// string.cpp
Handlers select_string(const Form&, Op&);  // MOVS STOS LODS SCAS CMPS

// legacy.cpp
Handlers select_legacy(const Form&, Op&);  // BCD, XLAT, BOUND, ENTER, PUSHA, POPA

}  // namespace hvlab::execute
