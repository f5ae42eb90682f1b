// The VEX-encoded general-register instructions of BMI1 and BMI2 (SDM vol. 2).
#include <bit>

#include "sim/execute/arithmetic.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Mnemonic;

template <class T>
Flags bmi_flags(T result, bool carry) {
  Flags f = flags_of<T>(result, 0);
  f.set_cf(carry);
  return f;
}

template <class T>
T deposit(T source, T mask) {
  T r = 0;
  for (T m = mask; m != 0; m &= static_cast<T>(m - 1)) {
    if (source & 1) r |= static_cast<T>(m & -m);
    source >>= 1;
  }
  return r;
}

template <class T>
T extract(T source, T mask) {
  T r = 0;
  unsigned n = 0;
  for (T m = mask; m != 0; m &= static_cast<T>(m - 1), ++n)
    if (source & static_cast<T>(m & -m)) r |= static_cast<T>(T{1} << n);
  return r;
}

template <class T>
T bit_field(T source, T control, Flags& flags) {
  const unsigned start = control & 0xFF, length = (control >> 8) & 0xFF;
  T r = start < sizeof(T) * 8 ? static_cast<T>(source >> start) : T{0};
  if (length < sizeof(T) * 8) r &= static_cast<T>((T{1} << length) - 1);
  flags = bmi_flags<T>(r, false);
  return r;
}

template <class T>
T zero_high(T source, T control, Flags& flags) {
  const unsigned n = control & 0xFF;
  const bool beyond = n >= sizeof(T) * 8;
  const T r = beyond ? source : static_cast<T>(source & static_cast<T>((T{1} << n) - 1));
  flags = bmi_flags<T>(r, beyond);
  return r;
}

/// Operands in the manual's order: reg[0] is the destination, `a` operand 1, `b` operand 2.
template <class T, Mnemonic kWhat>
struct Bmi {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> a = read_operand<T>(cpu, op, 1);
    if (a.failed()) return a.outcome;
    Loaded<T> b{};
    if (op.imm2 == 0) b = read_operand<T>(cpu, op, 2);
    if (b.failed()) return b.outcome;
    constexpr unsigned kMask = sizeof(T) * 8 - 1;
    const unsigned count = static_cast<unsigned>(b.value & kMask);
    T r = 0;
    if constexpr (kWhat == Mnemonic::ANDN) {
      r = static_cast<T>(~a.value & b.value);
      flags = flags_of<T>(r, 0);
    } else if constexpr (kWhat == Mnemonic::BEXTR) {
      r = bit_field<T>(a.value, b.value, flags);
    } else if constexpr (kWhat == Mnemonic::BZHI) {
      r = zero_high<T>(a.value, b.value, flags);
    } else if constexpr (kWhat == Mnemonic::PDEP) {
      r = deposit<T>(a.value, b.value);
    } else if constexpr (kWhat == Mnemonic::PEXT) {
      r = extract<T>(a.value, b.value);
    } else if constexpr (kWhat == Mnemonic::SARX) {
      r = static_cast<T>(static_cast<std::make_signed_t<T>>(a.value) >> count);
    } else if constexpr (kWhat == Mnemonic::SHLX) {
      r = static_cast<T>(a.value << count);
    } else if constexpr (kWhat == Mnemonic::SHRX) {
      r = static_cast<T>(a.value >> count);
    } else {
      static_assert(kWhat == Mnemonic::RORX);
      r = std::rotr(a.value, static_cast<int>(static_cast<unsigned>(op.imm) & kMask));
    }
    cpu.template set<T>(op.reg[0], r);
    return Outcome::Next;
  }
};

/// BLSI, BLSMSK, BLSR: destination reg[0], source operand 1.
template <class T, Mnemonic kWhat>
struct LowestBit {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> a = read_operand<T>(cpu, op, 1);
    if (a.failed()) return a.outcome;
    const T below = static_cast<T>(a.value - 1);
    const T r = kWhat == Mnemonic::BLSI     ? static_cast<T>(a.value & static_cast<T>(-a.value))
                : kWhat == Mnemonic::BLSMSK ? static_cast<T>(a.value ^ below)
                                            : static_cast<T>(a.value & below);
    flags = bmi_flags<T>(r, kWhat == Mnemonic::BLSI ? a.value != 0 : a.value == 0);
    cpu.template set<T>(op.reg[0], r);
    return Outcome::Next;
  }
};

/// MULX: reg[0]:reg[1] = RDX * operand 2, no flags; if both destinations are one register it gets the high
/// half.
template <class T>
struct Mulx {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<T> b = read_operand<T>(cpu, op, 2);
    if (b.failed()) return b.outcome;
    const unsigned __int128 product =
        static_cast<unsigned __int128>(cpu.template get<T>(arch::kRdx * 8)) * b.value;
    cpu.template set<T>(op.reg[1], static_cast<T>(product));
    cpu.template set<T>(op.reg[0], static_cast<T>(product >> (sizeof(T) * 8)));
    return Outcome::Next;
  }
};

template <class T>
Handlers bmi_of(Mnemonic m) {
  switch (m) {
    case Mnemonic::ANDN: return guarded<Bmi<T, Mnemonic::ANDN>>();
    case Mnemonic::BEXTR: return guarded<Bmi<T, Mnemonic::BEXTR>>();
    case Mnemonic::BZHI: return guarded<Bmi<T, Mnemonic::BZHI>>();
    case Mnemonic::PDEP: return guarded<Bmi<T, Mnemonic::PDEP>>();
    case Mnemonic::PEXT: return guarded<Bmi<T, Mnemonic::PEXT>>();
    case Mnemonic::SARX: return guarded<Bmi<T, Mnemonic::SARX>>();
    case Mnemonic::SHLX: return guarded<Bmi<T, Mnemonic::SHLX>>();
    case Mnemonic::SHRX: return guarded<Bmi<T, Mnemonic::SHRX>>();
    case Mnemonic::RORX: return guarded<Bmi<T, Mnemonic::RORX>>();
    case Mnemonic::BLSI: return guarded<LowestBit<T, Mnemonic::BLSI>>();
    case Mnemonic::BLSMSK: return guarded<LowestBit<T, Mnemonic::BLSMSK>>();
    case Mnemonic::BLSR: return guarded<LowestBit<T, Mnemonic::BLSR>>();
    case Mnemonic::MULX: return guarded<Mulx<T>>();
    default: return {};
  }
}

}  // namespace

Handlers select_bmi(const Form& form, Op& op) {
  if (form.mnemonic == Mnemonic::RORX) op.imm2 = 1;
  return form.bytes(0) == 8 ? bmi_of<u64>(form.mnemonic) : bmi_of<u32>(form.mnemonic);
}

}  // namespace hvlab::execute
