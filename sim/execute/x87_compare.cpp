// Comparisons, FTST, FXAM (SDM vol. 1, 8.3.6).
#include "sim/execute/x87_families.hpp"
#include "sim/execute/x87_host.hpp"

namespace hvlab::execute::x87 {

namespace {

constexpr u16 kConditions = status::kC0 | status::kC2 | status::kC3, kUnordered = kConditions;

/// Where the answer goes, and how many numbers are popped afterwards.
template <bool kToFlags, unsigned kPops>
void answer(Cpu& cpu, u16 conditions) {
  if constexpr (kToFlags) {
    using namespace arch::flag;
    cpu.flags.set_status(((conditions & status::kC0) ? kCf : 0) | ((conditions & status::kC2) ? kPf : 0) |
                         ((conditions & status::kC3) ? kZf : 0));
  } else {
    set_condition(cpu, kConditions, conditions);
  }
  for (unsigned i = 0; i < kPops; ++i) pop(cpu);
}

/// ST(0) with ST(reg 0).
template <auto F, bool kToFlags, unsigned kPops>
Outcome registers(Cpu& cpu, const Op& op) {
  const unsigned other = op.reg[0];
  u16 conditions = kUnordered;
  if (empty(cpu, 0) || empty(cpu, other)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else {
    Float80 unused;
    conditions = F(cpu.x87.control, cpu.x87.st(0), cpu.x87.st(other), unused);
    if (!finish(cpu, conditions)) return Outcome::Next;
  }
  answer<kToFlags, kPops>(cpu, conditions);
  return Outcome::Next;
}

/// ST(0) with a number in memory.
template <auto F, class T, unsigned kPops>
Outcome memory(Cpu& cpu, const Op& op) {
  const Loaded<T> m = read_memory<T>(cpu, op);
  if (m.failed()) return m.outcome;
  u16 conditions = kUnordered;
  if (empty(cpu, 0)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else {
    Float80 unused;
    conditions = F(cpu.x87.control, cpu.x87.st(0), m.value, unused);
    if (!finish(cpu, conditions)) return Outcome::Next;
  }
  answer<false, kPops>(cpu, conditions);
  return Outcome::Next;
}

Outcome ftst(Cpu& cpu, const Op&) {
  u16 conditions = kUnordered;
  if (empty(cpu, 0)) {
    if (!underflow_masked(cpu)) return Outcome::Next;
  } else {
    Float80 unused;
    conditions = HVLAB_X87_UNARY("ftst")(cpu.x87.control, cpu.x87.st(0), unused);
    if (!finish(cpu, conditions)) return Outcome::Next;
  }
  answer<false, 0>(cpu, conditions);
  return Outcome::Next;
}

/// C1: the sign, of an empty register too. C3, C2, C0: the class.
Outcome fxam(Cpu& cpu, const Op&) {
  const Float80& x = cpu.x87.st(0);
  const unsigned exponent = x.sign_exponent & 0x7FFF;
  const bool integer_bit = (x.significand >> 63) != 0;
  u16 kind = 0;  // unsupported
  if (empty(cpu, 0)) {
    kind = status::kC3 | status::kC0;
  } else if (exponent == 0) {
    kind = x.significand == 0 ? status::kC3 : status::kC3 | status::kC2;
  } else if (integer_bit) {
    const bool infinite = x.significand << 1 == 0;
    kind = exponent != 0x7FFF ? status::kC2 : infinite ? status::kC2 | status::kC0 : status::kC0;
  }
  if (x.sign_exponent & 0x8000) kind |= status::kC1;
  set_condition(cpu, kConditions | status::kC1, kind);
  return Outcome::Next;
}

constexpr auto kOrdered = HVLAB_X87_BINARY("fcom %%st(1)");
constexpr auto kQuiet = HVLAB_X87_BINARY("fucom %%st(1)");

template <unsigned kPops>
Handlers real_form(const Form& form, Op& op) {
  if (!form.memory(0)) return numeric<&registers<kOrdered, false, kPops>>(form, op);
  return form.bytes(0) == 4 ? numeric<&memory<HVLAB_X87_MEMORY(u32, "fcoms"), u32, kPops>>(form, op)
                            : numeric<&memory<HVLAB_X87_MEMORY(u64, "fcoml"), u64, kPops>>(form, op);
}
template <unsigned kPops>
Handlers integer_form(const Form& form, Op& op) {
  return form.bytes(0) == 2 ? numeric<&memory<HVLAB_X87_MEMORY(u16, "ficoms"), u16, kPops>>(form, op)
                            : numeric<&memory<HVLAB_X87_MEMORY(u32, "ficoml"), u32, kPops>>(form, op);
}

}  // namespace

Handlers compare(const Form& form, Op& op) {
  using enum decode::Mnemonic;
  // The other operand: the last explicit one; FCOMPP and FUCOMPP name none.
  if (form.operands == 2) op.reg[0] = op.reg[1];
  if (form.operands == 0) op.reg[0] = 1;
  switch (form.mnemonic) {
    case FCOM: return real_form<0>(form, op);
    case FCOMP: return real_form<1>(form, op);
    case FCOMPP: return numeric<&registers<kOrdered, false, 2>>(form, op);
    case FICOM: return integer_form<0>(form, op);
    case FICOMP: return integer_form<1>(form, op);
    case FUCOM: return numeric<&registers<kQuiet, false, 0>>(form, op);
    case FUCOMP: return numeric<&registers<kQuiet, false, 1>>(form, op);
    case FUCOMPP: return numeric<&registers<kQuiet, false, 2>>(form, op);
    case FCOMI: return numeric<&registers<kOrdered, true, 0>>(form, op);
    case FCOMIP: return numeric<&registers<kOrdered, true, 1>>(form, op);
    case FUCOMI: return numeric<&registers<kQuiet, true, 0>>(form, op);
    case FUCOMIP: return numeric<&registers<kQuiet, true, 1>>(form, op);
    case FTST: return numeric<&ftst>(form, op);
    case FXAM: return numeric<&fxam>(form, op);
    default: return {};
  }
}

}  // namespace hvlab::execute::x87
