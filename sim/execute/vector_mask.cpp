// Sign masks of MMX and XMM registers, and stores under such a mask: MOVMSKPS MOVMSKPD PMOVMSKB, MASKMOVDQU
// MASKMOVQ (SDM vol. 2).
#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

template <auto F>
Outcome mask_xmm(Cpu& cpu, const Op& op) {
  cpu.template set<u32>(op.reg[0], static_cast<u32>(F(xmm(cpu, op.reg[1]))));
  return Outcome::Next;
}

Outcome pmovmskb_mm(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  enter_mmx(cpu);
  cpu.template set<u32>(op.reg[0], static_cast<u32>(_mm_movemask_epi8(mm(cpu, op.reg[1]))));
  return Outcome::Next;
}

// --- masked stores to DS:rDI ---

/// Stores the bytes of `value` whose bytes of `mask` have bit 7 set; all of them, or on a fault none.
Outcome store_masked(Cpu& cpu, const Op& op, V value, V mask, unsigned bytes) {
  u64 offset = cpu.gpr[arch::kRdi], linear = 0;
  if (op.address_bytes < 8) offset &= low_mask(op.address_bytes * 8u);
  if (const Outcome o = check_segment(cpu, op.segment, offset, bytes, Access::Write, linear);
      o != Outcome::Next)
    return o;
  const u32 chosen = static_cast<u32>(_mm_movemask_epi8(mask)) & static_cast<u32>(low_mask(bytes));
  const Lanes<u8> lanes(value);
  for (unsigned i = 0; i < bytes; ++i) {
    if (!test_bit(chosen, i) || mmu::host_for_write(cpu, linear + i, 1) != nullptr) continue;
    if (const Outcome o = mmu::probe_write(cpu, linear + i, 1); o != Outcome::Next) return o;
  }
  for (unsigned i = 0; i < bytes; ++i) {
    if (!test_bit(chosen, i)) continue;
    if (const Outcome o = mmu::store<u8>(cpu, linear + i, lanes[i]); o != Outcome::Next) return o;
  }
  return Outcome::Next;
}

Outcome maskmovdqu(Cpu& cpu, const Op& op) {
  return store_masked(cpu, op, xmm(cpu, op.reg[0]), xmm(cpu, op.reg[1]), 16);
}

Outcome maskmovq(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  const Outcome o = store_masked(cpu, op, mm(cpu, op.reg[0]), mm(cpu, op.reg[1]), 8);
  if (o == Outcome::Next) enter_mmx(cpu);
  return o;
}

}  // namespace

Handlers vector_mask(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case MOVMSKPS: return heavy<mask_xmm<[](V v) { return _mm_movemask_ps(_mm_castsi128_ps(v)); }>>();
    case MOVMSKPD: return heavy<mask_xmm<[](V v) { return _mm_movemask_pd(_mm_castsi128_pd(v)); }>>();
    case PMOVMSKB:
      if (is_mmx(form)) return heavy<pmovmskb_mm>();
      return heavy<mask_xmm<[](V v) { return _mm_movemask_epi8(v); }>>();
    case MASKMOVDQU: return heavy<maskmovdqu>();
    case MASKMOVQ: return heavy<maskmovq>();
    default: return {};
  }
}

}  // namespace hvlab::execute
