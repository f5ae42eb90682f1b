// MUL IMUL DIV IDIV. Flags the manual leaves undefined: multiplications set SF, ZF and PF by the low half and
// clear AF; divisions leave all flags as they were.
#include "sim/execute/address64.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

template <class T>
struct Double;
template <>
struct Double<u8> {
  using Unsigned = u16;
  using Signed = i16;
};
template <>
struct Double<u16> {
  using Unsigned = u32;
  using Signed = i32;
};
template <>
struct Double<u32> {
  using Unsigned = u64;
  using Signed = i64;
};
template <>
struct Double<u64> {
  using Unsigned = unsigned __int128;
  using Signed = __int128;
};

template <class T>
using Wide = typename Double<T>::Unsigned;
template <class T>
using WideSigned = typename Double<T>::Signed;
template <class T>
using Signed = std::make_signed_t<T>;

constexpr unsigned bits_of(size_t bytes) { return static_cast<unsigned>(bytes * 8); }

/// The double-width value in AX, DX:AX, EDX:EAX or RDX:RAX.
template <class T>
Wide<T> double_accumulator(const Cpu& cpu) {
  if constexpr (sizeof(T) == 1)
    return cpu.template get<u16>(arch::kRax * 8);
  else
    return static_cast<Wide<T>>(
        (static_cast<Wide<T>>(cpu.template get<T>(arch::kRdx * 8)) << bits_of(sizeof(T))) |
        cpu.template get<T>(arch::kRax * 8));
}

/// Puts `low` and `high` where a multiplication or division leaves them: AL and AH, or the A and D registers.
template <class T>
void set_pair(Cpu& cpu, T low, T high) {
  cpu.template set<T>(arch::kRax * 8, low);
  cpu.template set<T>(sizeof(T) == 1 ? arch::kRax * 8 + 1 : arch::kRdx * 8, high);
}

template <class T>
void multiply_flags(Flags& flags, T low, bool overflow) {
  flags.result = static_cast<Signed<T>>(low);
  flags.carries = 0;
  flags.set_cf_of(overflow, overflow);
}

template <class T>
struct Mul {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> b = read_operand<T>(cpu, op, 0);
    if (b.failed()) return b.outcome;
    const Wide<T> product =
        static_cast<Wide<T>>(static_cast<Wide<T>>(cpu.template get<T>(arch::kRax * 8)) * b.value);
    const T low = static_cast<T>(product), high = static_cast<T>(product >> bits_of(sizeof(T)));
    set_pair<T>(cpu, low, high);
    multiply_flags<T>(flags, low, high != 0);
    return Outcome::Next;
  }
};

template <class T>
struct Imul1 {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> b = read_operand<T>(cpu, op, 0);
    if (b.failed()) return b.outcome;
    const auto product = static_cast<WideSigned<T>>(
        static_cast<WideSigned<T>>(static_cast<Signed<T>>(cpu.template get<T>(arch::kRax * 8))) *
        static_cast<Signed<T>>(b.value));
    const T low = static_cast<T>(product), high = static_cast<T>(product >> bits_of(sizeof(T)));
    set_pair<T>(cpu, low, high);
    multiply_flags<T>(flags, low, product != static_cast<Signed<T>>(low));
    return Outcome::Next;
  }
};

/// IMUL with two operands (reg *= operand 1) or three (reg = operand 1 * immediate).
template <class T, bool kImmediate>
struct Imul2 {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> b = read_operand<T>(cpu, op, 1);
    if (b.failed()) [[unlikely]]
      return b.outcome;
    const T a = kImmediate ? static_cast<T>(op.imm) : cpu.template get<T>(op.reg[0]);
    Signed<T> low = 0;
    const bool overflow =
        __builtin_mul_overflow(static_cast<Signed<T>>(a), static_cast<Signed<T>>(b.value), &low);
    cpu.template set<T>(op.reg[0], static_cast<T>(low));
    multiply_flags<T>(flags, static_cast<T>(low), overflow);
    return Outcome::Next;
  }
};

template <class T>
Handlers imul2_of(const Form& form) {
  return form.operands == 3 ? light<Imul2<T, true>>() : light<Imul2<T, false>>();
}

template <class T>
struct Div {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<T> b = read_operand<T>(cpu, op, 0);
    if (b.failed()) return b.outcome;
    const Wide<T> a = double_accumulator<T>(cpu);
    if (b.value == 0) return raise(cpu, Exception::DivideError);
    if (static_cast<T>(a >> bits_of(sizeof(T))) >= b.value) return raise(cpu, Exception::DivideError);
    set_pair<T>(cpu, static_cast<T>(a / b.value), static_cast<T>(a % b.value));
    return Outcome::Next;
  }
};

template <class T>
struct Idiv {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<T> b = read_operand<T>(cpu, op, 0);
    if (b.failed()) return b.outcome;
    const auto a = static_cast<WideSigned<T>>(double_accumulator<T>(cpu));
    const auto divisor = static_cast<Signed<T>>(b.value);
    if (divisor == 0) return raise(cpu, Exception::DivideError);
    // Only the most negative dividend over -1 overflows the host's own division.
    const Wide<T> lowest = static_cast<Wide<T>>(Wide<T>{1} << (2 * bits_of(sizeof(T)) - 1));
    if (divisor == -1 && static_cast<Wide<T>>(a) == lowest) return raise(cpu, Exception::DivideError);
    const auto quotient = static_cast<WideSigned<T>>(a / divisor);
    if (quotient != static_cast<Signed<T>>(quotient)) return raise(cpu, Exception::DivideError);
    set_pair<T>(cpu, static_cast<T>(quotient), static_cast<T>(a % divisor));
    return Outcome::Next;
  }
};

}  // namespace

Handlers select_mul(const Form& form, Op&) { return light_by_size<Mul>(form); }
Handlers select_div(const Form& form, Op&) { return light_by_size<Div>(form); }
Handlers select_idiv(const Form& form, Op&) { return light_by_size<Idiv>(form); }

Handlers select_imul(const Form& form, Op&) {
  if (form.operands == 1) return light_by_size<Imul1>(form);
  switch (form.bytes(0)) {
    case 2: return imul2_of<u16>(form);
    case 4: return imul2_of<u32>(form);
    default: return imul2_of<u64>(form);
  }
}

}  // namespace hvlab::execute
