// FSIN, FCOS, FSINCOS, FPTAN, FPATAN, F2XM1, FYL2X, FYL2XP1, FPREM, FPREM1: the stack around the functions of
// float80.hpp.
#include "sim/cpu/cpuid.hpp"
#include "sim/execute/float80.hpp"
#include "sim/execute/x87_families.hpp"

namespace hvlab::execute::x87 {

namespace {

/// ST(0) = F(ST(0)), for angles: out of range, C2 is set and ST(0) stays.
template <auto F, u16 kConditions>
Outcome one_operand(Cpu& cpu, const Op&) {
  Float80 r = kIndefinite;
  set_condition(cpu, kConditions, 0);
  if (empty(cpu, 0)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else {
    const u16 status = F(cpu.x87.control, cpu.x87.st(0), r);
    set_condition(cpu, kConditions, status);
    if (!finish(cpu, status)) return Outcome::Next;
  }
  set_st(cpu, 0, r);
  return Outcome::Next;
}

/// ST(0) = one result of F(ST(0)), and the other is pushed.
template <auto F>
Outcome two_results(Cpu& cpu, const Op&) {
  Float80 first = kIndefinite, second = kIndefinite;
  set_condition(cpu, status::kC2, 0);
  if (empty(cpu, 0) || !empty(cpu, 7)) {
    if (!stack_fault(cpu, !empty(cpu, 0))) return Outcome::Next;
  } else {
    const u16 status = F(cpu.x87.control, cpu.x87.st(0), first, second);
    set_condition(cpu, status::kC2, status);
    if (!finish(cpu, status) || (status & status::kC2) != 0) return Outcome::Next;
  }
  set_st(cpu, 0, first);
  push(cpu, second);
  return Outcome::Next;
}

/// ST(1) = F(ST(0), ST(1)), then pop.
template <auto F>
Outcome two_operands(Cpu& cpu, const Op&) {
  Float80 r = kIndefinite;
  if (empty(cpu, 0) || empty(cpu, 1)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else if (!finish(cpu, F(cpu.x87.control, cpu.x87.st(0), cpu.x87.st(1), r))) {
    return Outcome::Next;
  }
  set_st(cpu, 1, r);
  pop(cpu);
  return Outcome::Next;
}

/// A denormal number divided by an infinity is itself. To Intel's processors it is not even an underflow then
/// (docs/oracle.md).
bool is_untouched(const Cpu& cpu, u16 status) {
  constexpr u16 kExponent = 0x7FFF;
  const Float80 &x = cpu.x87.st(0), &y = cpu.x87.st(1);
  return (x.sign_exponent & kExponent) == 0 &&
         (status & (status::kDenormal | status::kInvalid)) == status::kDenormal &&
         (y.sign_exponent & kExponent) == kExponent && y.significand == u64{1} << 63 &&
         cpu::vendor(cpu) == cpu::Vendor::Intel;
}

/// ST(0) = F(ST(0), ST(1)). Without a quotient C0 and C3 stay as they are, C1 and C2 are cleared.
template <auto F>
Outcome remainder(Cpu& cpu, const Op&) {
  Float80 r = kIndefinite;
  if (empty(cpu, 0) || empty(cpu, 1)) {
    set_condition(cpu, status::kC2, 0);
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else {
    u16 status = F(cpu.x87.control, cpu.x87.st(0), cpu.x87.st(1), r);
    if (is_untouched(cpu, status)) {
      r = cpu.x87.st(0);
      status &= status::kDenormal;
    }
    const bool quotient = (status & status::kInvalid) == 0 && !unmasked(cpu, status & status::kBefore) &&
                          (r.sign_exponent & 0x7FFF) != 0x7FFF;
    set_condition(cpu, quotient ? status::kC0 | status::kC2 | status::kC3 : status::kC2, status);
    if (!finish(cpu, status)) return Outcome::Next;
  }
  set_st(cpu, 0, r);
  return Outcome::Next;
}

}  // namespace

Handlers transcendental(const Form& form, Op& op) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case F2XM1: return numeric<&one_operand<f2xm1, 0>>(form, op);
    case FSIN: return numeric<&one_operand<fsin, status::kC2>>(form, op);
    case FCOS: return numeric<&one_operand<fcos, status::kC2>>(form, op);
    case FSINCOS: return numeric<&two_results<fsincos>>(form, op);
    case FPTAN: return numeric<&two_results<fptan>>(form, op);
    case FPATAN: return numeric<&two_operands<fpatan>>(form, op);
    case FYL2X: return numeric<&two_operands<fyl2x>>(form, op);
    case FYL2XP1: return numeric<&two_operands<fyl2xp1>>(form, op);
    case FPREM: return numeric<&remainder<fprem>>(form, op);
    case FPREM1: return numeric<&remainder<fprem1>>(form, op);
    default: return {};
  }
}

}  // namespace hvlab::execute::x87
