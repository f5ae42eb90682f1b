// FADD, FSUB, FMUL, FDIV and their reversed, popping and integer forms; comparisons.
#include "sim/execute/x87_families.hpp"
#include "sim/execute/x87_host.hpp"

namespace hvlab::execute::x87 {

namespace {

// The host's instruction works on the guest's register in place: an unmasked exception that withholds the
// result leaves it as it was.

/// ST(reg 0) = F(ST(reg 0), ST(reg 1)).
template <auto F, bool kPop>
Outcome registers(Cpu& cpu, const Op& op) {
  const unsigned to = op.reg[0], from = op.reg[1];
  if (empty(cpu, to) || empty(cpu, from)) [[unlikely]] {
    if (!underflow_masked(cpu)) return Outcome::Next;
    set_st(cpu, to, kIndefinite);
  } else {
    Float80& r = cpu.x87.st(to);
    if (!finish(cpu, F(cpu.x87.control, r, cpu.x87.st(from), r))) return Outcome::Next;
  }
  if (kPop) pop(cpu);
  return Outcome::Next;
}

/// ST(0) = F(ST(0), memory).
template <auto F, class T>
Outcome memory(Cpu& cpu, const Op& op) {
  const Loaded<T> m = read_memory<T>(cpu, op);
  if (m.failed()) return m.outcome;
  if (empty(cpu, 0)) [[unlikely]] {
    if (underflow_masked(cpu)) set_st(cpu, 0, kIndefinite);
  } else {
    Float80& r = cpu.x87.st(0);
    finish(cpu, F(cpu.x87.control, r, m.value, r));
  }
  return Outcome::Next;
}

/// The forms of one operation: between registers, with a real number in memory, with an integer in memory.
template <auto Register, auto Real4, auto Real8>
Handlers real_form(const Form& form, Op& op, bool popping) {
  if (form.memory(0))
    return form.bytes(0) == 4 ? numeric<&memory<Real4, u32>>(form, op)
                              : numeric<&memory<Real8, u64>>(form, op);
  return popping ? numeric<&registers<Register, true>>(form, op)
                 : numeric<&registers<Register, false>>(form, op);
}
template <auto Integer2, auto Integer4>
Handlers integer_form(const Form& form, Op& op) {
  return form.bytes(0) == 2 ? numeric<&memory<Integer2, u16>>(form, op)
                            : numeric<&memory<Integer4, u32>>(form, op);
}

#define HVLAB_REAL_FORM(name)                                                         \
  real_form<HVLAB_X87_BINARY(name " %%st(1), %%st"), HVLAB_X87_MEMORY(u32, name "s"), \
            HVLAB_X87_MEMORY(u64, name "l")>
#define HVLAB_INTEGER_FORM(name) \
  integer_form<HVLAB_X87_MEMORY(u16, name "s"), HVLAB_X87_MEMORY(u32, name "l")>

}  // namespace

Handlers arithmetic(const Form& form, Op& op) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case FADD: return HVLAB_REAL_FORM("fadd")(form, op, false);
    case FADDP: return HVLAB_REAL_FORM("fadd")(form, op, true);
    case FSUB: return HVLAB_REAL_FORM("fsub")(form, op, false);
    case FSUBP: return HVLAB_REAL_FORM("fsub")(form, op, true);
    case FSUBR: return HVLAB_REAL_FORM("fsubr")(form, op, false);
    case FSUBRP: return HVLAB_REAL_FORM("fsubr")(form, op, true);
    case FMUL: return HVLAB_REAL_FORM("fmul")(form, op, false);
    case FMULP: return HVLAB_REAL_FORM("fmul")(form, op, true);
    case FDIV: return HVLAB_REAL_FORM("fdiv")(form, op, false);
    case FDIVP: return HVLAB_REAL_FORM("fdiv")(form, op, true);
    case FDIVR: return HVLAB_REAL_FORM("fdivr")(form, op, false);
    case FDIVRP: return HVLAB_REAL_FORM("fdivr")(form, op, true);
    case FIADD: return HVLAB_INTEGER_FORM("fiadd")(form, op);
    case FISUB: return HVLAB_INTEGER_FORM("fisub")(form, op);
    case FISUBR: return HVLAB_INTEGER_FORM("fisubr")(form, op);
    case FIMUL: return HVLAB_INTEGER_FORM("fimul")(form, op);
    case FIDIV: return HVLAB_INTEGER_FORM("fidiv")(form, op);
    case FIDIVR: return HVLAB_INTEGER_FORM("fidivr")(form, op);
    default: return {};
  }
}

}  // namespace hvlab::execute::x87
