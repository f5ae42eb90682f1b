// Moves of MMX and XMM registers, and the moves between them and everything else (SDM vol. 2, MOVAPS and
// following). The non-temporal hint of some of them has no effect that software can see.
#include "sim/cpu/cpuid.hpp"
#include "sim/execute/address64.hpp"
#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

using cpu::Xmm;
using decode::Kind;

// The hot moves, in registers. A: the addressing form.

/// A move that looks at what the state forbids, in both of its forms.
template <class M>
struct Checked {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    if (op.needs & cpu.denied) [[unlikely]]
      return refuse(cpu, op);
    return M::run(cpu, op, flags);
  }
};
template <class M>
constexpr Handlers checked() {
  return light<Checked<M>>();
}

template <bool kAligned, class A>
struct LoadXmm {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    u64 linear = 0;
    if (const Outcome o = A::linear(cpu, op, 16, Access::Read, linear); o != Outcome::Next) [[unlikely]]
      return o;
    if (kAligned && (linear & 15) != 0) [[unlikely]]
      return misaligned(cpu);
    const Loaded<Xmm> r = mmu::load<Xmm>(cpu, linear);
    if (r.failed()) [[unlikely]]
      return r.outcome;
    cpu.xmm[op.reg[0]] = r.value;
    return Outcome::Next;
  }
};

template <bool kAligned, class A>
struct StoreXmm {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    u64 linear = 0;
    if (const Outcome o = A::linear(cpu, op, 16, Access::Write, linear); o != Outcome::Next) [[unlikely]]
      return o;
    if (kAligned && (linear & 15) != 0) [[unlikely]]
      return misaligned(cpu);
    return mmu::store<Xmm>(cpu, linear, cpu.xmm[op.reg[1]]);
  }
};

struct CopyXmm {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    cpu.xmm[op.reg[0]] = cpu.xmm[op.reg[1]];
    return Outcome::Next;
  }
};

/// Memory or a general register into the low part of an XMM register, zeros above (MOVD, MOVQ, MOVSS, MOVSD).
template <class T, class A>
struct LoadLow {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<T> r = load_operand<T, A>(cpu, op);
    if (r.failed()) [[unlikely]]
      return r.outcome;
    cpu.xmm[op.reg[0]] = Xmm{{r.value, 0}};
    return Outcome::Next;
  }
};
template <class T>
struct FromGpr {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    cpu.xmm[op.reg[0]] = Xmm{{cpu.template get<T>(op.reg[1]), 0}};
    return Outcome::Next;
  }
};

template <class T, class A>
struct StoreLow {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    return store_operand<T, A>(cpu, op, static_cast<T>(cpu.xmm[op.reg[1]].q[0]));
  }
};
template <class T>
struct ToGpr {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    cpu.template set<T>(op.reg[0], static_cast<T>(cpu.xmm[op.reg[1]].q[0]));
    return Outcome::Next;
  }
};

struct CopyLow {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    cpu.xmm[op.reg[0]] = Xmm{{cpu.xmm[op.reg[1]].q[0], 0}};
    return Outcome::Next;
  }
};

// --- halves ---

template <unsigned kHalf>
Outcome load_half(Cpu& cpu, const Op& op) {
  const Loaded<u64> r = read_memory<u64>(cpu, op);
  if (!r.failed()) cpu.xmm[op.reg[0]].q[kHalf] = r.value;
  return r.outcome;
}
template <unsigned kHalf>
Outcome store_half(Cpu& cpu, const Op& op) {
  return write_memory<u64>(cpu, op, cpu.xmm[op.reg[1]].q[kHalf]);
}

// --- MMX ---

template <class T>
Outcome load_mm(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  const Loaded<T> r = read_operand<T>(cpu, op, 1);
  if (r.failed()) return r.outcome;
  enter_mmx(cpu);
  set_mm(cpu, op.reg[0], from_u64(r.value));
  return Outcome::Next;
}

/// A store that faults has entered MMX state on Intel's processors (docs/oracle.md), on AMD's it has not.
template <class T>
Outcome store_mm(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  if (cpu::vendor(cpu) == cpu::Vendor::Intel) enter_mmx(cpu);
  const T value = static_cast<T>(low_u64(mm(cpu, op.reg[1])));
  if (const Outcome o = write_operand<T>(cpu, op, 0, value); o != Outcome::Next) return o;
  enter_mmx(cpu);
  return Outcome::Next;
}

Outcome movdq2q(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  enter_mmx(cpu);
  set_mm(cpu, op.reg[0], xmm(cpu, op.reg[1]));
  return Outcome::Next;
}

Outcome movq2dq(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  enter_mmx(cpu);
  set_xmm(cpu, op.reg[0], mm(cpu, op.reg[1]));
  return Outcome::Next;
}

Outcome movnti(Cpu& cpu, const Op& op) {
  if (op.operand_bytes == 8) return write_memory<u64>(cpu, op, cpu.template get<u64>(op.reg[1]));
  return write_memory<u32>(cpu, op, cpu.template get<u32>(op.reg[1]));
}

// --- control ---

Outcome emms(Cpu& cpu, const Op&) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  cpu.x87.set_top(0);  // SDM vol. 3, table 13-2
  cpu.x87.valid = 0;
  return Outcome::Next;
}

template <bool kAligned>
Handlers whole_move(const Form& form, const Op& op) {
  if (form.memory(0)) return by_address(form, op, []<class A>() { return checked<StoreXmm<kAligned, A>>(); });
  if (form.memory(1)) return by_address(form, op, []<class A>() { return checked<LoadXmm<kAligned, A>>(); });
  return checked<CopyXmm>();
}

/// The low part to or from memory or a general register.
template <class T>
Handlers low_move(const Form& form, const Op& op) {
  if (form.memory(0)) return by_address(form, op, []<class A>() { return checked<StoreLow<T, A>>(); });
  if (form.memory(1)) return by_address(form, op, []<class A>() { return checked<LoadLow<T, A>>(); });
  return form.operand[0].kind == Kind::Gpr ? checked<ToGpr<T>>() : checked<FromGpr<T>>();
}

constexpr auto kMergeHalf = [](V a, V b) { return with_low(a, b); };
constexpr auto kMergeWord = [](V a, V b) { return with_low32(a, b); };

bool both_registers(const Form& form) { return !form.memory(0) && !form.memory(1); }

Handlers movq_xmm(const Form& form, const Op& op) {
  const bool copy = form.operand[0].kind == Kind::Xmm && form.operand[1].kind == Kind::Xmm;
  return copy ? checked<CopyLow>() : low_move<u64>(form, op);
}

Handlers movq_mm(const Form& form) {
  if (form.operand[0].kind == Kind::Mmx && form.operand[1].kind == Kind::Mmx)
    return on_mmx<[](V, V b) { return b; }>();
  return form.operand[0].kind == Kind::Mmx ? heavy<load_mm<u64>>() : heavy<store_mm<u64>>();
}

}  // namespace

Handlers vector_move(const Form& form, Op& op) {
  using enum decode::Mnemonic;
  const bool to_memory = form.memory(0), to_vector = form.operand[0].kind != Kind::Gpr && !to_memory;
  switch (form.mnemonic) {
    case MOVAPS:
    case MOVAPD:
    case MOVDQA:
    case MOVNTPS:
    case MOVNTPD:
    case MOVNTDQ:
    case MOVNTDQA: return whole_move<true>(form, op);
    case MOVUPS:
    case MOVUPD:
    case MOVDQU:
    case LDDQU: return whole_move<false>(form, op);
    case MOVSS:
      if (both_registers(form)) return on_xmm<kMergeWord>();
      return low_move<u32>(form, op);
    case MOVSD:
      if (both_registers(form)) return on_xmm<kMergeHalf>();
      return low_move<u64>(form, op);
    case MOVD:
      if (is_mmx(form)) return to_vector ? heavy<load_mm<u32>>() : heavy<store_mm<u32>>();
      return low_move<u32>(form, op);
    case MOVQ: return is_mmx(form) ? movq_mm(form) : movq_xmm(form, op);
    case MOVNTQ: return heavy<store_mm<u64>>();
    case MOVLPS:
    case MOVLPD: return to_memory ? heavy<store_half<0>>() : heavy<load_half<0>>();
    case MOVHPS:
    case MOVHPD: return to_memory ? heavy<store_half<1>>() : heavy<load_half<1>>();
    case MOVHLPS: return on_xmm<[](V a, V b) { return _mm_unpackhi_epi64(b, a); }>();
    case MOVLHPS: return on_xmm<[](V a, V b) { return _mm_unpacklo_epi64(a, b); }>();
    case MOVDDUP: return on_xmm<[](V, V b) { return _mm_unpacklo_epi64(b, b); }, 8>();
    case MOVSLDUP: return on_xmm<[](V, V b) { return _mm_shuffle_epi32(b, 0b10100000); }>();
    case MOVSHDUP: return on_xmm<[](V, V b) { return _mm_shuffle_epi32(b, 0b11110101); }>();
    case MOVDQ2Q: return heavy<movdq2q>();
    case MOVQ2DQ: return heavy<movq2dq>();
    default: return {};
  }
}

Handlers vector_control(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case EMMS: return heavy<emms>();
    case MOVNTI: return heavy<movnti>();
    default: return {};
  }
}

}  // namespace hvlab::execute
