// MMX and XMM operands, and the shapes that most vector instructions have: destination = f(destination,
// source).
#pragma once

#include <emmintrin.h>

#include <limits>

#include "sim/execute/wrap.hpp"

namespace hvlab::execute {

/// The value of an XMM register, or of an MMX register in the low half. The host's baseline SSE2 works on it;
/// what came later is written out lane by lane, so that every host computes the same.
using V = __m128i;

inline V xmm(const Cpu& cpu, u8 n) { return _mm_load_si128(reinterpret_cast<const V*>(&cpu.xmm[n])); }
inline void set_xmm(Cpu& cpu, u8 n, V value) { _mm_store_si128(reinterpret_cast<V*>(&cpu.xmm[n]), value); }
inline V from_u64(u64 value) { return _mm_cvtsi64_si128(static_cast<i64>(value)); }
inline u64 low_u64(V value) { return static_cast<u64>(_mm_cvtsi128_si64(value)); }
inline u64 high_u64(V value) { return low_u64(_mm_unpackhi_epi64(value, value)); }
inline V from_u64s(u64 low, u64 high) { return _mm_unpacklo_epi64(from_u64(low), from_u64(high)); }
/// `low` in the low half, the high half of `high` above it.
inline V with_low(V high, V low) {
  return _mm_castpd_si128(_mm_move_sd(_mm_castsi128_pd(high), _mm_castsi128_pd(low)));
}
/// `low`'s lowest 32 bits, the rest of `high` above them.
inline V with_low32(V high, V low) {
  return _mm_castps_si128(_mm_move_ss(_mm_castsi128_ps(high), _mm_castsi128_ps(low)));
}

/// A value as an array of lanes.
template <class T>
struct Lanes {
  static constexpr unsigned kCount = 16 / sizeof(T);
  alignas(16) T lane[kCount];

  Lanes() : lane{} {}
  explicit Lanes(V v) { _mm_store_si128(reinterpret_cast<V*>(lane), v); }
  V value() const { return _mm_load_si128(reinterpret_cast<const V*>(lane)); }
  T& operator[](unsigned i) { return lane[i]; }
  T operator[](unsigned i) const { return lane[i]; }
};

/// f(a, b) in every lane.
template <class T, class F>
V map(V a, V b, F f) {
  Lanes<T> x(a);
  const Lanes<T> y(b);
  for (unsigned i = 0; i < Lanes<T>::kCount; ++i) x[i] = static_cast<T>(f(x[i], y[i]));
  return x.value();
}

/// `value` cut off at the ends of T's range.
template <class T>
constexpr T saturate(i64 value) {
  constexpr i64 low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  return static_cast<T>(value < low ? low : value > high ? high : value);
}

// --- memory operands (vector.cpp) ---

/// Reads the 16-byte memory operand; #GP(0) unless it is aligned (SDM vol. 1, 4.1.1).
Outcome load_aligned(Cpu& cpu, const Op& op, V& value);
Outcome load_unaligned(Cpu& cpu, const Op& op, V& value);
/// Reads `bytes` (2, 4, 8) bytes into the low part; zeros above.
Outcome load_part(Cpu& cpu, const Op& op, unsigned bytes, V& value);
Outcome store_aligned(Cpu& cpu, const Op& op, V value);
Outcome store_unaligned(Cpu& cpu, const Op& op, V value);

/// Operand 1: an XMM register, or memory of `kBytes` bytes (16: aligned).
template <unsigned kBytes = 16>
inline Outcome source(Cpu& cpu, const Op& op, V& value) {
  if (op.mem != 1) {
    value = xmm(cpu, op.reg[1]);
    return Outcome::Next;
  }
  if constexpr (kBytes == 16) return load_aligned(cpu, op, value);
  return load_part(cpu, op, kBytes, value);
}

// --- MMX ---

/// What happens to an unmasked x87 exception that waits (FSW.ES set) when a waiting x87 or an MMX instruction
/// comes: #MF if CR0.NE is set. Without CR0.NE the processor would drive FERR# and wait for an interrupt
/// unless IGNNE# is asserted (SDM vol. 1, 8.7.2); HVLab's board wires no FERR#, as if IGNNE# were always
/// asserted: the instruction goes on.
inline Outcome pending_float_error(Cpu& cpu) {
  if ((cpu.x87.status & 0x80) != 0 && (cpu.cr0 & arch::cr0::kNe) != 0) [[unlikely]]
    return raise(cpu, Exception::FloatingPoint);
  return Outcome::Next;
}
/// The effect of every MMX instruction but EMMS on the x87 state: TOP 0, all registers valid (SDM vol.
/// 1, 9.5).
inline void enter_mmx(Cpu& cpu) {
  cpu.x87.set_top(0);
  cpu.x87.valid = 0xFF;
}
inline V mm(const Cpu& cpu, u8 n) { return from_u64(cpu.x87.reg[n & 7].significand); }
inline void set_mm(Cpu& cpu, u8 n, V value) { cpu.x87.reg[n & 7] = {low_u64(value), 0xFFFF}; }

/// Operand 1 of an MMX instruction, after the check for a pending x87 exception.
template <unsigned kBytes = 8>
inline Outcome source_mm(Cpu& cpu, const Op& op, V& value) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  if (op.mem == 1) return load_part(cpu, op, kBytes, value);
  value = mm(cpu, op.reg[1]);
  return Outcome::Next;
}

// --- shapes ---

/// F(destination, source) or F(destination, source, imm8), whichever it is.
template <auto F>
inline V apply(V a, V b, const Op& op) {
  if constexpr (requires { F(a, b, u8{}); }) {
    return F(a, b, static_cast<u8>(op.imm));
  } else {
    return F(a, b);
  }
}

template <auto F, unsigned kBytes>
Outcome run_xmm(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source<kBytes>(cpu, op, b); o != Outcome::Next) return o;
  set_xmm(cpu, op.reg[0], apply<F>(xmm(cpu, op.reg[0]), b, op));
  return Outcome::Next;
}

template <auto F, unsigned kBytes>
Outcome run_mmx(Cpu& cpu, const Op& op) {
  V b;
  if (const Outcome o = source_mm<kBytes>(cpu, op, b); o != Outcome::Next) return o;
  enter_mmx(cpu);
  set_mm(cpu, op.reg[0], apply<F>(mm(cpu, op.reg[0]), b, op));
  return Outcome::Next;
}

/// Handlers of xmm = F(xmm, xmm or memory).
template <auto F, unsigned kBytes = 16>
constexpr Handlers on_xmm() {
  return heavy<&run_xmm<F, kBytes>>();
}
/// Handlers of mm = F(mm, mm or memory): F works on values whose high half is 0 and gives the low half.
template <auto F, unsigned kBytes = 8>
constexpr Handlers on_mmx() {
  return heavy<&run_mmx<F, kBytes>>();
}

inline bool is_mmx(const Form& form) {
  return form.operand[0].kind == decode::Kind::Mmx || form.operand[1].kind == decode::Kind::Mmx;
}
inline bool is_xmm(const Form& form) {
  return form.operand[0].kind == decode::Kind::Xmm || form.operand[1].kind == decode::Kind::Xmm;
}
/// For instructions whose lanes do not know how many of them there are: the same F for both register files.
template <auto F>
Handlers on_either(const Form& form) {
  return is_mmx(form) ? on_mmx<F>() : on_xmm<F>();
}

/// Selectors for rows: the form of a mnemonic that has an MMX / an XMM operand.
template <decode::Selector* S>
Handlers mmx_form(const Form& form, Op& op) {
  return is_mmx(form) ? S(form, op) : Handlers{};
}
template <decode::Selector* S>
Handlers xmm_form(const Form& form, Op& op) {
  return is_xmm(form) && !is_mmx(form) ? S(form, op) : Handlers{};
}

}  // namespace hvlab::execute
