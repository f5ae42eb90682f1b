// Loads, stores, constants, exchanges and conditional moves (SDM vol. 1, 8.3.3 and 8.3.4).
#include <type_traits>

#include "sim/cpu/cpuid.hpp"
#include "sim/execute/x87_families.hpp"
#include "sim/execute/x87_host.hpp"

namespace hvlab::execute::x87 {

namespace {

/// Ten bytes of memory: an 80-bit real or a packed decimal.
struct [[gnu::packed]] Ten {
  u64 low = 0;
  u16 high = 0;
};

template <auto F, class T>
Outcome load(Cpu& cpu, const Op& op) {
  const Loaded<T> m = read_memory<T>(cpu, op);
  if (m.failed()) return m.outcome;
  Float80 r;
  const u16 status = F(m.value, r);
  push_result(cpu, r, status);
  return Outcome::Next;
}

constexpr auto kExtended = [](const Ten& m, Float80& r) {
  r = {m.low, m.high};
  return u16{0};
};

/// (-1)^negative * magnitude.
constexpr void set_integer(Float80& r, u64 magnitude, bool negative) {
  const u16 sign = negative ? 0x8000 : 0;
  if (magnitude == 0) {
    r = {0, sign};
  } else {
    const int shift = __builtin_clzll(magnitude);
    r = {magnitude << shift, static_cast<u16>(sign | (16383 + 63 - shift))};
  }
}

/// Eighteen decimal digits and a sign. What is not a digit counts as its four bits.
constexpr auto kDecimal = [](const Ten& m, Float80& r) {
  u64 value = 0;
  for (int digit = 17; digit >= 0; --digit) {
    const u64 nibble = digit >= 16 ? (m.high >> (4 * (digit - 16))) & 15 : (m.low >> (4 * digit)) & 15;
    value = value * 10 + nibble;
  }
  set_integer(r, value, (m.high & 0x8000) != 0);
  return u16{0};
};

/// A 16-, 32- or 64-bit integer; exact.
constexpr auto kInteger = []<class T>(T m, Float80& r) {
  const i64 value = static_cast<std::make_signed_t<T>>(m);
  set_integer(r, value < 0 ? 0 - static_cast<u64>(value) : static_cast<u64>(value), value < 0);
  return u16{0};
};

/// A single- or double-precision number: exact, but it tells of denormals and signaling NaNs.
constexpr auto kReal = []<class T>(T m, Float80& r) {
  constexpr int kBits = sizeof(T) * 8, kFraction = sizeof(T) == 4 ? 23 : 52,
                kMost = sizeof(T) == 4 ? 0xFF : 0x7FF, kBias = kMost / 2;
  const u16 sign = (m >> (kBits - 1)) != 0 ? u16{0x8000} : u16{0};
  const int exponent = static_cast<int>(m >> kFraction) & kMost;
  const u64 fraction = u64{m} << (64 - kFraction) >> 1;  // below the integer bit
  constexpr u64 kIntegerBit = u64{1} << 63, kQuietBit = u64{1} << 62;
  if (exponent == 0 && fraction != 0) {
    const int shift = __builtin_clzll(fraction);
    r = {fraction << shift, static_cast<u16>(sign | (16383 - kBias + 1 - shift))};
    return status::kDenormal;
  }
  const bool nan = exponent == kMost && fraction != 0;
  r.significand = exponent == 0 ? 0 : kIntegerBit | fraction | (nan ? kQuietBit : 0);
  r.sign_exponent = static_cast<u16>(sign | (exponent == 0       ? 0
                                             : exponent == kMost ? 0x7FFF
                                                                 : 16383 - kBias + exponent));
  return nan && (fraction & kQuietBit) == 0 ? status::kInvalid : u16{0};
};

template <auto F>
Outcome constant(Cpu& cpu, const Op&) {
  Float80 r;
  F(cpu.x87.control, r);
  push_result(cpu, r, 0);
  return Outcome::Next;
}

/// FLD ST(i).
Outcome duplicate(Cpu& cpu, const Op& op) {
  const Float80 value = cpu.x87.st(op.reg[0]);
  if (!empty(cpu, op.reg[0])) {
    push_result(cpu, value, 0);
  } else if (underflow_masked(cpu)) {
    push(cpu, kIndefinite);
  }
  return Outcome::Next;
}

/// Stores F(ST(0)) as a T; kMissing is stored for an empty register.
template <auto F, class T, T kMissing, bool kPop>
Outcome store(Cpu& cpu, const Op& op) {
  const bool missing = empty(cpu, 0);
  T m = kMissing;
  const u16 status = missing ? u16{status::kInvalid} : F(cpu.x87.control, cpu.x87.st(0), m);
  const bool stored = !unmasked(cpu, status & status::kBeforeStore);
  u64 linear = 0;
  if (const Outcome o = linear_address(cpu, op, sizeof(T), Access::Write, linear); o != Outcome::Next)
    return o;
  // Where an unmasked exception keeps the store from happening, AMD's processors look at its page all the
  // same, and its faults come first; Intel's do not (docs/oracle.md).
  Outcome o = Outcome::Next;
  if (stored)
    o = mmu::store<T>(cpu, linear, m);
  else if (cpu::vendor(cpu) == cpu::Vendor::Amd)
    o = mmu::probe_write(cpu, linear, sizeof(T));
  if (o != Outcome::Next) return o;
  if (missing) {
    underflow_masked(cpu);
  } else {
    finish(cpu, status);
  }
  if (stored && kPop) pop(cpu);
  return Outcome::Next;
}

constexpr auto kStoreExtended = [](u16, const Float80& a, Ten& m) {
  m = {a.significand, a.sign_exponent};
  return u16{0};
};

/// FISTTP: rounding towards zero, whatever the control word says.
template <auto F>
constexpr auto kTruncated =
    [](u16 control, const Float80& a, auto& m) { return F(static_cast<u16>(control | 0x0C00), a, m); };

/// FST ST(i).
template <bool kPop>
Outcome copy(Cpu& cpu, const Op& op) {
  Float80 value = cpu.x87.st(0);
  if (empty(cpu, 0)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
    value = kIndefinite;
  } else {
    finish(cpu, 0);
  }
  set_st(cpu, op.reg[0], value);
  if (kPop) pop(cpu);
  return Outcome::Next;
}

Outcome exchange(Cpu& cpu, const Op& op) {
  const unsigned other = op.reg[0];
  Float80 a = cpu.x87.st(0), b = cpu.x87.st(other);
  if (empty(cpu, 0) || empty(cpu, other)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
    if (empty(cpu, 0)) a = kIndefinite;
    if (empty(cpu, other)) b = kIndefinite;
  } else {
    finish(cpu, 0);
  }
  set_st(cpu, 0, b);
  set_st(cpu, other, a);
  return Outcome::Next;
}

template <auto Condition>
Outcome move_if(Cpu& cpu, const Op& op) {
  if (empty(cpu, 0) || empty(cpu, op.reg[1])) {
    if (underflow_masked(cpu)) set_st(cpu, 0, kIndefinite);
    return Outcome::Next;
  }
  if (Condition(cpu.flags)) set_st(cpu, 0, cpu.x87.st(op.reg[1]));
  return Outcome::Next;
}

template <bool kPop>
Handlers store_form(const Form& form, Op& op) {
  if (!form.memory(0)) return numeric<&copy<kPop>>(form, op);
  switch (form.bytes(0)) {
    case 4: return numeric<&store<HVLAB_X87_STORE("fstps"), u32, 0xFFC0'0000u, kPop>>(form, op);
    case 8: return numeric<&store<HVLAB_X87_STORE("fstpl"), u64, 0xFFF8'0000'0000'0000u, kPop>>(form, op);
    default:
      return numeric<
          &store<kStoreExtended, Ten, Ten{kIndefinite.significand, kIndefinite.sign_exponent}, kPop>>(form,
                                                                                                      op);
  }
}

template <bool kPop, bool kTruncate>
Handlers integer_store_form(const Form& form, Op& op) {
  constexpr auto k2 = HVLAB_X87_STORE("fistps");
  constexpr auto k4 = HVLAB_X87_STORE("fistpl");
  constexpr auto k8 = HVLAB_X87_STORE("fistpll");
  const auto pick = [&]<class T, T kMissing, auto F>() {
    if constexpr (kTruncate) return numeric<&store<kTruncated<F>, T, kMissing, true>>(form, op);
    return numeric<&store<F, T, kMissing, kPop>>(form, op);
  };
  switch (form.bytes(0)) {
    case 2: return pick.template operator()<u16, 0x8000, k2>();
    case 4: return pick.template operator()<u32, 0x8000'0000, k4>();
    default: return pick.template operator()<u64, 0x8000'0000'0000'0000, k8>();
  }
}

Handlers load_form(const Form& form, Op& op) {
  if (!form.memory(0)) return numeric<&duplicate>(form, op);
  switch (form.bytes(0)) {
    case 4: return numeric<&load<kReal, u32>>(form, op);
    case 8: return numeric<&load<kReal, u64>>(form, op);
    default: return numeric<&load<kExtended, Ten>>(form, op);
  }
}

Handlers integer_load_form(const Form& form, Op& op) {
  switch (form.bytes(0)) {
    case 2: return numeric<&load<kInteger, u16>>(form, op);
    case 4: return numeric<&load<kInteger, u32>>(form, op);
    default: return numeric<&load<kInteger, u64>>(form, op);
  }
}

}  // namespace

Handlers load_store(const Form& form, Op& op) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case FLD: return load_form(form, op);
    case FILD: return integer_load_form(form, op);
    case FBLD: return numeric<&load<kDecimal, Ten>>(form, op);
    case FST: return store_form<false>(form, op);
    case FSTP:
    case FSTPNCE: return store_form<true>(form, op);
    case FIST: return integer_store_form<false, false>(form, op);
    case FISTP: return integer_store_form<true, false>(form, op);
    case FISTTP: return integer_store_form<true, true>(form, op);
    case FBSTP:
      return numeric<&store<HVLAB_X87_STORE("fbstp"), Ten, Ten{0xC000'0000'0000'0000, 0xFFFF}, true>>(form,
                                                                                                      op);
    case FXCH: return numeric<&exchange>(form, op);
    case FLD1: return numeric<&constant<HVLAB_X87_CONSTANT("fld1")>>(form, op);
    case FLDL2T: return numeric<&constant<HVLAB_X87_CONSTANT("fldl2t")>>(form, op);
    case FLDL2E: return numeric<&constant<HVLAB_X87_CONSTANT("fldl2e")>>(form, op);
    case FLDPI: return numeric<&constant<HVLAB_X87_CONSTANT("fldpi")>>(form, op);
    case FLDLG2: return numeric<&constant<HVLAB_X87_CONSTANT("fldlg2")>>(form, op);
    case FLDLN2: return numeric<&constant<HVLAB_X87_CONSTANT("fldln2")>>(form, op);
    case FLDZ: return numeric<&constant<HVLAB_X87_CONSTANT("fldz")>>(form, op);
    case FCMOVB: return numeric<&move_if<[](Flags f) { return f.cf(); }>>(form, op);
    case FCMOVE: return numeric<&move_if<[](Flags f) { return f.zf(); }>>(form, op);
    case FCMOVBE: return numeric<&move_if<[](Flags f) { return f.cf() || f.zf(); }>>(form, op);
    case FCMOVU: return numeric<&move_if<[](Flags f) { return f.pf(); }>>(form, op);
    case FCMOVNB: return numeric<&move_if<[](Flags f) { return !f.cf(); }>>(form, op);
    case FCMOVNE: return numeric<&move_if<[](Flags f) { return !f.zf(); }>>(form, op);
    case FCMOVNBE: return numeric<&move_if<[](Flags f) { return !f.cf() && !f.zf(); }>>(form, op);
    case FCMOVNU: return numeric<&move_if<[](Flags f) { return !f.pf(); }>>(form, op);
    default: return {};
  }
}

}  // namespace hvlab::execute::x87
