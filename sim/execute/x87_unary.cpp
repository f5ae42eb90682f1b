// FABS, FCHS, FSQRT, FRNDINT, FSCALE, FXTRACT (SDM vol. 1, 8.3.5).
#include "sim/execute/x87_families.hpp"
#include "sim/execute/x87_host.hpp"

namespace hvlab::execute::x87 {

namespace {

/// ST(0) = F(ST(0)).
template <auto F>
Outcome unary(Cpu& cpu, const Op&) {
  Float80 r = kIndefinite;
  if (empty(cpu, 0)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else if (!finish(cpu, F(cpu.x87.control, cpu.x87.st(0), r))) {
    return Outcome::Next;
  }
  set_st(cpu, 0, r);
  return Outcome::Next;
}

constexpr auto kAbsolute = [](u16, const Float80& a, Float80& r) {
  r = {a.significand, static_cast<u16>(a.sign_exponent & 0x7FFF)};
  return u16{0};
};
constexpr auto kChangeSign = [](u16, const Float80& a, Float80& r) {
  r = {a.significand, static_cast<u16>(a.sign_exponent ^ 0x8000)};
  return u16{0};
};

/// ST(0) = F(ST(0), ST(1)).
template <auto F>
Outcome with_st1(Cpu& cpu, const Op&) {
  Float80 r = kIndefinite;
  if (empty(cpu, 0) || empty(cpu, 1)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else if (!finish(cpu, F(cpu.x87.control, cpu.x87.st(0), cpu.x87.st(1), r))) {
    return Outcome::Next;
  }
  set_st(cpu, 0, r);
  return Outcome::Next;
}

/// ST(0) becomes the exponent, the significand is pushed.
Outcome fxtract(Cpu& cpu, const Op&) {
  if (empty(cpu, 0) || !empty(cpu, 7)) {
    if (stack_fault(cpu, !empty(cpu, 0))) {
      set_st(cpu, 0, kIndefinite);
      push(cpu, kIndefinite);
    }
    return Outcome::Next;
  }
  Float80 significand, exponent;
  u16 status;
  asm volatile(
      "fnclex\n\tfldt %[a]\n\tfldcw %[c]\n\tfxtract\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]\n\t"
      "fstpt %[m]\n\tfstpt %[e]\n\tfninit"
      : [m] "=m"(significand), [e] "=m"(exponent), [s] "=&a"(status)
      : [a] "m"(cpu.x87.st(0)), [c] "m"(cpu.x87.control), [h] "m"(kHostControl));
  if (!finish(cpu, status)) return Outcome::Next;
  set_st(cpu, 0, exponent);
  push(cpu, significand);
  return Outcome::Next;
}

}  // namespace

Handlers single_operand(const Form& form, Op& op) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case FABS: return numeric<&unary<kAbsolute>>(form, op);
    case FCHS: return numeric<&unary<kChangeSign>>(form, op);
    case FSQRT: return numeric<&unary<HVLAB_X87_UNARY("fsqrt")>>(form, op);
    case FRNDINT: return numeric<&unary<HVLAB_X87_UNARY("frndint")>>(form, op);
    case FSCALE: return numeric<&with_st1<HVLAB_X87_BINARY("fscale")>>(form, op);
    case FXTRACT: return numeric<&fxtract>(form, op);
    default: return {};
  }
}

}  // namespace hvlab::execute::x87
