// Packing, unpacking, shuffling, and single elements, of MMX to SSE2 and (elements) SSE4.1.
#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

/// MMX forms of the packs: both sources stand in one 128-bit value.
template <auto F>
Handlers pack(const Form& form) {
  if (!is_mmx(form)) return on_xmm<F>();
  return on_mmx<[](V a, V b) {
    const V both = _mm_unpacklo_epi64(a, b);
    return F(both, both);
  }>();
}

/// MMX forms of the unpacks: of the low halves, the full 128-bit result's low or high half.
template <auto Low>
Handlers unpack_low(const Form& form) {
  return is_mmx(form) ? on_mmx<Low, 4>() : on_xmm<Low>();
}
template <auto High, auto Low>
Handlers unpack_high(const Form& form) {
  if (!is_mmx(form)) return on_xmm<High>();
  return on_mmx<[](V a, V b) {
    const V both = Low(a, b);
    return _mm_unpackhi_epi64(both, both);
  }>();
}

constexpr auto kLowBytes = [](V a, V b) { return _mm_unpacklo_epi8(a, b); };
constexpr auto kLowWords = [](V a, V b) { return _mm_unpacklo_epi16(a, b); };
constexpr auto kLowDwords = [](V a, V b) { return _mm_unpacklo_epi32(a, b); };
constexpr auto kLowQwords = [](V a, V b) { return _mm_unpacklo_epi64(a, b); };
constexpr auto kHighBytes = [](V a, V b) { return _mm_unpackhi_epi8(a, b); };
constexpr auto kHighWords = [](V a, V b) { return _mm_unpackhi_epi16(a, b); };
constexpr auto kHighDwords = [](V a, V b) { return _mm_unpackhi_epi32(a, b); };
constexpr auto kHighQwords = [](V a, V b) { return _mm_unpackhi_epi64(a, b); };

/// Four words, chosen by the immediate's bit pairs, starting at word `first`.
V shuffle_words(V from, u8 order, unsigned first) {
  const Lanes<u16> x(from);
  Lanes<u16> r(from);
  for (unsigned i = 0; i < 4; ++i) r[first + i] = x[first + ((order >> (2 * i)) & 3)];
  return r.value();
}

V shuffle_dwords(V a, V b, u8 order) {
  const Lanes<u32> x(a), y(b);
  Lanes<u32> r;
  for (unsigned i = 0; i < 4; ++i) r[i] = (i < 2 ? x : y)[(order >> (2 * i)) & 3];
  return r.value();
}

V shuffle_qwords(V a, V b, u8 order) {
  return from_u64s((order & 1) ? high_u64(a) : low_u64(a), (order & 2) ? high_u64(b) : low_u64(b));
}

// --- elements ---

/// PINSRx: the source is a general register or memory of the element's size.
template <class T>
Outcome insert_xmm(Cpu& cpu, const Op& op) {
  const Loaded<T> r = read_operand<T>(cpu, op, 1);
  if (r.failed()) return r.outcome;
  Lanes<T> lanes(xmm(cpu, op.reg[0]));
  lanes[static_cast<unsigned>(op.imm) % Lanes<T>::kCount] = r.value;
  set_xmm(cpu, op.reg[0], lanes.value());
  return Outcome::Next;
}

Outcome insert_mm(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  const Loaded<u16> r = read_operand<u16>(cpu, op, 1);
  if (r.failed()) return r.outcome;
  enter_mmx(cpu);
  Lanes<u16> lanes(mm(cpu, op.reg[0]));
  lanes[static_cast<unsigned>(op.imm) & 3] = r.value;
  set_mm(cpu, op.reg[0], lanes.value());
  return Outcome::Next;
}

/// PEXTRx: into memory of the element's size, or zero-extended into a general register.
template <class T>
Outcome extract_xmm(Cpu& cpu, const Op& op) {
  const T value = Lanes<T>(xmm(cpu, op.reg[1]))[static_cast<unsigned>(op.imm) % Lanes<T>::kCount];
  if (op.mem == 0) return write_memory<T>(cpu, op, value);
  cpu.set<u64>(op.reg[0], value);
  return Outcome::Next;
}

Outcome extract_mm(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  enter_mmx(cpu);
  cpu.set<u64>(op.reg[0], Lanes<u16>(mm(cpu, op.reg[1]))[static_cast<unsigned>(op.imm) & 3]);
  return Outcome::Next;
}

}  // namespace

Handlers packed_shuffle(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PACKSSWB: return pack<[](V a, V b) { return _mm_packs_epi16(a, b); }>(form);
    case PACKSSDW: return pack<[](V a, V b) { return _mm_packs_epi32(a, b); }>(form);
    case PACKUSWB: return pack<[](V a, V b) { return _mm_packus_epi16(a, b); }>(form);
    case PUNPCKLBW: return unpack_low<kLowBytes>(form);
    case PUNPCKLWD: return unpack_low<kLowWords>(form);
    case PUNPCKLDQ: return unpack_low<kLowDwords>(form);
    case PUNPCKHBW: return unpack_high<kHighBytes, kLowBytes>(form);
    case PUNPCKHWD: return unpack_high<kHighWords, kLowWords>(form);
    case PUNPCKHDQ: return unpack_high<kHighDwords, kLowDwords>(form);
    case UNPCKLPS: return on_xmm<kLowDwords>();
    case UNPCKHPS: return on_xmm<kHighDwords>();
    case PUNPCKLQDQ:
    case UNPCKLPD: return on_xmm<kLowQwords>();
    case PUNPCKHQDQ:
    case UNPCKHPD: return on_xmm<kHighQwords>();
    case PSHUFW: return on_mmx<[](V, V b, u8 imm) { return shuffle_words(b, imm, 0); }>();
    case PSHUFLW: return on_xmm<[](V, V b, u8 imm) { return shuffle_words(b, imm, 0); }>();
    case PSHUFHW: return on_xmm<[](V, V b, u8 imm) { return shuffle_words(b, imm, 4); }>();
    case PSHUFD: return on_xmm<[](V, V b, u8 imm) { return shuffle_dwords(b, b, imm); }>();
    case SHUFPS: return on_xmm<shuffle_dwords>();
    case SHUFPD: return on_xmm<shuffle_qwords>();
    default: return {};
  }
}

Handlers packed_element(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PINSRB: return heavy<insert_xmm<u8>>();
    case PINSRW: return is_mmx(form) ? heavy<insert_mm>() : heavy<insert_xmm<u16>>();
    case PINSRD: return heavy<insert_xmm<u32>>();
    case PINSRQ: return heavy<insert_xmm<u64>>();
    case PEXTRB: return heavy<extract_xmm<u8>>();
    case PEXTRW: return is_mmx(form) ? heavy<extract_mm>() : heavy<extract_xmm<u16>>();
    case PEXTRD:
    case EXTRACTPS: return heavy<extract_xmm<u32>>();
    case PEXTRQ: return heavy<extract_xmm<u64>>();
    default: return {};
  }
}

Handlers pextrw_sse2(const Form& form, Op& op) {
  return form.opcode == 0xC5 && !is_mmx(form) ? packed_element(form, op) : Handlers{};
}

}  // namespace hvlab::execute
