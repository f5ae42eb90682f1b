// BCD arithmetic, XLAT, BOUND, ENTER, PUSHA, POPA: instructions of old, all but XLAT and ENTER gone from
// 64-bit mode.
#include "sim/execute/address64.hpp"
#include "sim/execute/arithmetic.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Mnemonic;
using namespace arch::flag;

u8 al(const Cpu& cpu) { return cpu.get<u8>(arch::kRax * 8); }
u8 ah(const Cpu& cpu) { return cpu.get<u8>(arch::kRax * 8 + 1); }
void set_al(Cpu& cpu, unsigned v) { cpu.set<u8>(arch::kRax * 8, static_cast<u8>(v)); }
void set_ah(Cpu& cpu, unsigned v) { cpu.set<u8>(arch::kRax * 8 + 1, static_cast<u8>(v)); }

/// SF, ZF and PF by AL, CF and AF as given, OF clear.
void set_bcd_flags(Cpu& cpu, bool carry, bool adjust) {
  cpu.flags = flags_of<u8>(al(cpu), 0);
  cpu.flags.set_status(cpu.flags.status() | (carry ? kCf : 0) | (adjust ? kAf : 0));
}

Outcome daa(Cpu& cpu, const Op&) {
  const u8 old = al(cpu);
  const bool carry = cpu.flags.cf(), adjust = (old & 0xF) > 9 || cpu.flags.af(), high = old > 0x99 || carry;
  set_al(cpu, old + (adjust ? 6u : 0u) + (high ? 0x60u : 0u));
  set_bcd_flags(cpu, high, adjust);
  return Outcome::Next;
}

Outcome das(Cpu& cpu, const Op&) {
  const u8 old = al(cpu);
  const bool carry = cpu.flags.cf(), adjust = (old & 0xF) > 9 || cpu.flags.af(), high = old > 0x99 || carry;
  const bool borrow = adjust && old < 6;
  set_al(cpu, old - (adjust ? 6u : 0u) - (high ? 0x60u : 0u));
  set_bcd_flags(cpu, high || carry || borrow, adjust);
  return Outcome::Next;
}

/// AAA and AAS act on AX as a whole when they adjust (SDM vol. 2).
Outcome ascii_adjust(Cpu& cpu, int sign) {
  const bool adjust = (al(cpu) & 0xF) > 9 || cpu.flags.af();
  if (adjust) cpu.set<u16>(arch::kRax * 8, static_cast<u16>(cpu.get<u16>(arch::kRax * 8) + sign * 0x106));
  set_al(cpu, al(cpu) & 0xFu);
  set_bcd_flags(cpu, adjust, adjust);
  return Outcome::Next;
}
Outcome aaa(Cpu& cpu, const Op&) { return ascii_adjust(cpu, 1); }
Outcome aas(Cpu& cpu, const Op&) { return ascii_adjust(cpu, -1); }

Outcome aam(Cpu& cpu, const Op& op) {
  const unsigned base = static_cast<u8>(op.imm);
  if (base == 0) return raise(cpu, Exception::DivideError);
  const unsigned value = al(cpu);
  set_ah(cpu, value / base);
  set_al(cpu, value % base);
  set_bcd_flags(cpu, false, false);
  return Outcome::Next;
}

Outcome aad(Cpu& cpu, const Op& op) {
  set_al(cpu, al(cpu) + ah(cpu) * static_cast<unsigned>(static_cast<u8>(op.imm)));
  set_ah(cpu, 0);
  set_bcd_flags(cpu, false, false);
  return Outcome::Next;
}

Outcome xlat(Cpu& cpu, const Op& op) {
  const u64 sum = cpu.gpr[arch::kRbx] + al(cpu);
  const u64 offset = op.address_bytes == 8   ? sum
                     : op.address_bytes == 4 ? static_cast<u32>(sum)
                                             : static_cast<u16>(sum);
  u64 linear = 0;
  if (const Outcome o = check_segment(cpu, op.segment, offset, 1, Access::Read, linear); o != Outcome::Next)
    return o;
  const Loaded<u8> v = mmu::load<u8>(cpu, linear);
  if (!v.failed()) set_al(cpu, v.value);
  return v.outcome;
}

template <class T>
struct Bound {
  struct Limits {
    std::make_signed_t<T> lower, upper;
  };
  static Outcome run(Cpu& cpu, const Op& op) {
    const Loaded<Limits> limits = read_memory<Limits>(cpu, op);
    if (limits.failed()) return limits.outcome;
    const auto index = static_cast<std::make_signed_t<T>>(cpu.get<T>(op.reg[0]));
    if (index < limits.value.lower || index > limits.value.upper) return raise(cpu, Exception::BoundRange);
    return Outcome::Next;
  }
};

/// ENTER size, level: pushes the frame pointer and up to 31 of the enclosing frames' pointers.
template <class T>
struct Enter {
  static Outcome run(Cpu& cpu, const Op& op) {
    const u64 rsp = cpu.gpr[arch::kRsp], rbp = cpu.gpr[arch::kRbp];
    const Outcome o = build(cpu, op);
    if (o != Outcome::Next) {
      cpu.gpr[arch::kRsp] = rsp;
      cpu.gpr[arch::kRbp] = rbp;
    }
    return o;
  }
  static Outcome build(Cpu& cpu, const Op& op) {
    const unsigned level = op.imm2 & 31;
    if (const Outcome o = push<T>(cpu, cpu.get<T>(arch::kRbp * 8)); o != Outcome::Next) return o;
    const u64 frame = mmu::stack_pointer(cpu);
    u64 enclosing = stack_part(cpu, cpu.gpr[arch::kRbp]);
    for (unsigned i = 1; i < level; ++i) {
      enclosing = stack_part(cpu, enclosing - sizeof(T));
      u64 linear = 0;
      if (const Outcome o = check_segment(cpu, arch::kSs, enclosing, sizeof(T), Access::Read, linear);
          o != Outcome::Next)
        return o;
      const Loaded<T> pointer = mmu::load<T>(cpu, linear);
      if (pointer.failed()) return pointer.outcome;
      if (const Outcome o = push<T>(cpu, pointer.value); o != Outcome::Next) return o;
    }
    if (level > 0) {
      if (const Outcome o = push<T>(cpu, static_cast<T>(frame)); o != Outcome::Next) return o;
    }
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) - static_cast<u16>(op.imm));
    // The new stack top must be writable, or the fault is ENTER's (SDM vol. 2).
    u64 top = 0;
    if (const Outcome o =
            check_segment(cpu, arch::kSs, mmu::stack_pointer(cpu), sizeof(T), Access::Write, top);
        o != Outcome::Next)
      return o;
    if (const Outcome o = mmu::probe_write(cpu, top, sizeof(T)); o != Outcome::Next) return o;
    cpu.set<T>(arch::kRbp * 8, static_cast<T>(frame));
    return Outcome::Next;
  }
  static u64 stack_part(const Cpu& cpu, u64 v) {
    const u8 bytes = cpu.stack_bytes();
    return bytes == 8 ? v : bytes == 4 ? static_cast<u32>(v) : static_cast<u16>(v);
  }
};

template <class T>
struct Pusha {
  static Outcome run(Cpu& cpu, const Op&) {
    const u64 rsp = cpu.gpr[arch::kRsp];
    for (unsigned reg = 0; reg < 8; ++reg) {
      const T value = reg == arch::kRsp ? static_cast<T>(rsp) : cpu.get<T>(static_cast<u8>(reg * 8));
      if (const Outcome o = push<T>(cpu, value); o != Outcome::Next) {
        cpu.gpr[arch::kRsp] = rsp;
        return o;
      }
    }
    return Outcome::Next;
  }
};

template <class T>
struct Popa {
  static Outcome run(Cpu& cpu, const Op&) {
    T values[8];
    for (unsigned i = 0; i < 8; ++i) {
      const Loaded<T> v = peek<T>(cpu, static_cast<unsigned>(i * sizeof(T)));
      if (v.failed()) return v.outcome;
      values[7 - i] = v.value;
    }
    for (unsigned reg = 0; reg < 8; ++reg)
      if (reg != arch::kRsp) cpu.set<T>(static_cast<u8>(reg * 8), values[reg]);
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + 8 * sizeof(T));
    return Outcome::Next;
  }
};

}  // namespace

Handlers select_legacy(const Form& form, Op& op) {
  switch (form.mnemonic) {
    case Mnemonic::DAA: return heavy<&daa>();
    case Mnemonic::DAS: return heavy<&das>();
    case Mnemonic::AAA: return heavy<&aaa>();
    case Mnemonic::AAS: return heavy<&aas>();
    case Mnemonic::AAM: return heavy<&aam>();
    case Mnemonic::AAD: return heavy<&aad>();
    case Mnemonic::XLAT: return heavy<&xlat>();
    case Mnemonic::BOUND: return op.mem == 1 ? by_size<Bound>(form, op) : Handlers{};
    case Mnemonic::ENTER: return by_operand_size<Enter>(form, op);
    case Mnemonic::PUSHA: return heavy<&Pusha<u16>::run>();
    case Mnemonic::PUSHAD: return heavy<&Pusha<u32>::run>();
    case Mnemonic::POPA: return heavy<&Popa<u16>::run>();
    case Mnemonic::POPAD: return heavy<&Popa<u32>::run>();
    default: return {};
  }
}

}  // namespace hvlab::execute
