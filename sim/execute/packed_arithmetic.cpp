// Packed integer arithmetic and comparison of MMX, SSE and SSE2.
#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

Handlers packed_arithmetic(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PADDB: return on_either<[](V a, V b) { return _mm_add_epi8(a, b); }>(form);
    case PADDW: return on_either<[](V a, V b) { return _mm_add_epi16(a, b); }>(form);
    case PADDD: return on_either<[](V a, V b) { return _mm_add_epi32(a, b); }>(form);
    case PADDQ: return on_either<[](V a, V b) { return _mm_add_epi64(a, b); }>(form);
    case PADDSB: return on_either<[](V a, V b) { return _mm_adds_epi8(a, b); }>(form);
    case PADDSW: return on_either<[](V a, V b) { return _mm_adds_epi16(a, b); }>(form);
    case PADDUSB: return on_either<[](V a, V b) { return _mm_adds_epu8(a, b); }>(form);
    case PADDUSW: return on_either<[](V a, V b) { return _mm_adds_epu16(a, b); }>(form);
    case PSUBB: return on_either<[](V a, V b) { return _mm_sub_epi8(a, b); }>(form);
    case PSUBW: return on_either<[](V a, V b) { return _mm_sub_epi16(a, b); }>(form);
    case PSUBD: return on_either<[](V a, V b) { return _mm_sub_epi32(a, b); }>(form);
    case PSUBQ: return on_either<[](V a, V b) { return _mm_sub_epi64(a, b); }>(form);
    case PSUBSB: return on_either<[](V a, V b) { return _mm_subs_epi8(a, b); }>(form);
    case PSUBSW: return on_either<[](V a, V b) { return _mm_subs_epi16(a, b); }>(form);
    case PSUBUSB: return on_either<[](V a, V b) { return _mm_subs_epu8(a, b); }>(form);
    case PSUBUSW: return on_either<[](V a, V b) { return _mm_subs_epu16(a, b); }>(form);
    case PAVGB: return on_either<[](V a, V b) { return _mm_avg_epu8(a, b); }>(form);
    case PAVGW: return on_either<[](V a, V b) { return _mm_avg_epu16(a, b); }>(form);
    case PMINUB: return on_either<[](V a, V b) { return _mm_min_epu8(a, b); }>(form);
    case PMAXUB: return on_either<[](V a, V b) { return _mm_max_epu8(a, b); }>(form);
    case PMINSW: return on_either<[](V a, V b) { return _mm_min_epi16(a, b); }>(form);
    case PMAXSW: return on_either<[](V a, V b) { return _mm_max_epi16(a, b); }>(form);
    case PCMPEQB: return on_either<[](V a, V b) { return _mm_cmpeq_epi8(a, b); }>(form);
    case PCMPEQW: return on_either<[](V a, V b) { return _mm_cmpeq_epi16(a, b); }>(form);
    case PCMPEQD: return on_either<[](V a, V b) { return _mm_cmpeq_epi32(a, b); }>(form);
    case PCMPGTB: return on_either<[](V a, V b) { return _mm_cmpgt_epi8(a, b); }>(form);
    case PCMPGTW: return on_either<[](V a, V b) { return _mm_cmpgt_epi16(a, b); }>(form);
    case PCMPGTD: return on_either<[](V a, V b) { return _mm_cmpgt_epi32(a, b); }>(form);
    default: return {};
  }
}

Handlers packed_multiply(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PMULLW: return on_either<[](V a, V b) { return _mm_mullo_epi16(a, b); }>(form);
    case PMULHW: return on_either<[](V a, V b) { return _mm_mulhi_epi16(a, b); }>(form);
    case PMULHUW: return on_either<[](V a, V b) { return _mm_mulhi_epu16(a, b); }>(form);
    case PMULUDQ: return on_either<[](V a, V b) { return _mm_mul_epu32(a, b); }>(form);
    case PMADDWD: return on_either<[](V a, V b) { return _mm_madd_epi16(a, b); }>(form);
    case PSADBW: return on_either<[](V a, V b) { return _mm_sad_epu8(a, b); }>(form);
    default: return {};
  }
}

}  // namespace hvlab::execute
