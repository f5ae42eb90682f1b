// Control and environment: FNINIT to FRSTOR (SDM vol. 1, 8.1.10 and 8.1.11; vol. 2).
#include <algorithm>

#include "sim/execute/x87_families.hpp"

namespace hvlab::execute::x87 {

namespace {

/// Bits of the control word that software can change; bit 6 always reads 1.
constexpr u16 kControlBits = 0x1F7F, kControlFixed = 0x0040;

void set_control(Cpu& cpu, u16 value) {
  cpu.x87.control = static_cast<u16>((value & kControlBits) | kControlFixed);
  summarize(cpu);
}

/// FNINIT; register contents stay.
void initialize(Cpu& cpu) {
  cpu::X87& x = cpu.x87;
  x.control = 0x037F;
  x.status = 0;
  x.valid = 0;
  x.opcode = 0;
  x.instruction = x.data = 0;
  x.instruction_segment = x.data_segment = 0;
}

// --- the tag word ---

/// 0 valid, 1 zero, 2 special, 3 empty (SDM vol. 1, 8.1.7).
u16 tag_word(const cpu::X87& x) {
  unsigned word = 0;
  for (unsigned i = 0; i < 8; ++i) {
    const Float80& r = x.reg[i];
    const unsigned exponent = r.sign_exponent & 0x7FFF;
    unsigned tag = 2;
    if (!((x.valid >> i) & 1)) {
      tag = 3;
    } else if (exponent == 0 && r.significand == 0) {
      tag = 1;
    } else if (exponent != 0 && exponent != 0x7FFF && (r.significand >> 63) != 0) {
      tag = 0;
    }
    word |= tag << (2 * i);
  }
  return static_cast<u16>(word);
}

u8 valid_from_tags(u16 word) {
  unsigned valid = 0;
  for (unsigned i = 0; i < 8; ++i)
    if (((word >> (2 * i)) & 3) != 3) valid |= 1u << i;
  return static_cast<u8>(valid);
}

// --- the environment in memory, in its four layouts (SDM vol. 1, figures 8-9 to 8-12) ---

struct Layout {
  bool wide;  // 32-bit fields
  bool real;  // real and virtual-8086 mode: linear addresses
  unsigned bytes() const { return wide ? 28 : 14; }
};

Layout layout(const Cpu& cpu, const Op& op) {
  return {op.operand_bytes != 2, cpu.mode == cpu::Mode::Real || cpu.mode == cpu::Mode::Virtual8086};
}

/// The seven fields; in memory 4 bytes each, or 2.
struct Fields {
  u32 field[7] = {};
};

Fields environment(const Cpu& cpu, Layout form) {
  const cpu::X87& x = cpu.x87;
  Fields f{{x.control, x.status, tag_word(x)}};
  if (form.real) {
    const u32 ip = static_cast<u32>(x.instruction) + (u32{x.instruction_segment} << 4),
              dp = static_cast<u32>(x.data) + (u32{x.data_segment} << 4);
    f.field[3] = ip & 0xFFFF;
    f.field[4] = (ip >> 16 << 12) | x.opcode;
    f.field[5] = dp & 0xFFFF;
    f.field[6] = dp >> 16 << 12;
  } else {
    f.field[3] = static_cast<u32>(x.instruction);
    f.field[4] = x.instruction_segment | (form.wide ? u32{x.opcode} << 16 : 0);
    f.field[5] = static_cast<u32>(x.data);
    f.field[6] = x.data_segment;
  }
  if (form.wide) {
    // The unused upper halves read as ones, as on all processors since the 387.
    for (const unsigned i : {0u, 1u, 2u, 6u})
      if (i != 6 || !form.real) f.field[i] |= 0xFFFF'0000;
    if (form.real) f.field[3] |= 0xFFFF'0000, f.field[5] |= 0xFFFF'0000;
  }
  return f;
}

void set_environment(Cpu& cpu, const Fields& f, Layout form) {
  cpu::X87& x = cpu.x87;
  x.status = static_cast<u16>(f.field[1]);
  x.valid = valid_from_tags(static_cast<u16>(f.field[2]));
  x.instruction_segment = form.real ? u16{0} : static_cast<u16>(f.field[4]);
  x.data_segment = form.real ? u16{0} : static_cast<u16>(f.field[6]);
  if (form.real) {
    const u32 high = form.wide ? ~0u : 0xFFFF;
    x.instruction = (f.field[3] & 0xFFFF) | (f.field[4] & high & 0x0FFF'F000) << 4;
    x.data = (f.field[5] & 0xFFFF) | (f.field[6] & high & 0x0FFF'F000) << 4;
    x.opcode = f.field[4] & 0x7FF;
  } else {
    x.instruction = f.field[3];
    x.data = f.field[5];
    x.opcode = form.wide ? (f.field[4] >> 16) & 0x7FF : 0;
  }
  set_control(cpu, static_cast<u16>(f.field[0]));
}

void put_fields(const Fields& f, Layout form, u8* to) {
  const unsigned size = form.wide ? 4 : 2;
  for (unsigned i = 0; i < 7; ++i) std::memcpy(to + i * size, &f.field[i], size);
}
Fields get_fields(Layout form, const u8* from) {
  Fields f;
  const unsigned size = form.wide ? 4 : 2;
  for (unsigned i = 0; i < 7; ++i) std::memcpy(&f.field[i], from + i * size, size);
  return f;
}

constexpr unsigned kRegisterBytes = 80, kMost = 28 + kRegisterBytes;

/// Writes all `bytes` bytes of the memory operand, or on a fault none.
Outcome write_block(Cpu& cpu, const Op& op, const u8* from, unsigned bytes) {
  u64 linear = 0;
  if (const Outcome o = linear_address(cpu, op, bytes, Access::Write, linear); o != Outcome::Next) return o;
  if (u8* host = mmu::host_for_write(cpu, linear, bytes); host != nullptr) {
    std::memcpy(host, from, bytes);
    return Outcome::Next;
  }
  if (const Outcome o = mmu::probe_write(cpu, linear, bytes); o != Outcome::Next) return o;
  for (unsigned at = 0; at < bytes; at += 16) {
    const unsigned size = std::min(16u, bytes - at);
    if (const Outcome o = mmu::write_slow(cpu, linear + at, from + at, size, mmu::Rights::Current);
        o != Outcome::Next)
      return o;
  }
  return Outcome::Next;
}

Outcome read_block(Cpu& cpu, const Op& op, u8* to, unsigned bytes) {
  u64 linear = 0;
  if (const Outcome o = linear_address(cpu, op, bytes, Access::Read, linear); o != Outcome::Next) return o;
  if (const u8* host = mmu::host_for_read(cpu, linear, bytes); host != nullptr) {
    std::memcpy(to, host, bytes);
    return Outcome::Next;
  }
  for (unsigned at = 0; at < bytes; at += 16) {
    const unsigned size = std::min(16u, bytes - at);
    if (const Outcome o = mmu::read_slow(cpu, linear + at, to + at, size, mmu::Rights::Current);
        o != Outcome::Next)
      return o;
  }
  return Outcome::Next;
}

Outcome fnstenv(Cpu& cpu, const Op& op) {
  const Layout form = layout(cpu, op);
  u8 block[kMost];
  put_fields(environment(cpu, form), form, block);
  if (const Outcome o = write_block(cpu, op, block, form.bytes()); o != Outcome::Next) return o;
  set_control(cpu, cpu.x87.control | status::kExceptions);
  return Outcome::Next;
}

Outcome fldenv(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  const Layout form = layout(cpu, op);
  u8 block[kMost];
  if (const Outcome o = read_block(cpu, op, block, form.bytes()); o != Outcome::Next) return o;
  set_environment(cpu, get_fields(form, block), form);
  return Outcome::Next;
}

/// The registers follow the environment in stack order, ten bytes each.
Outcome fnsave(Cpu& cpu, const Op& op) {
  const Layout form = layout(cpu, op);
  u8 block[kMost];
  put_fields(environment(cpu, form), form, block);
  for (unsigned i = 0; i < 8; ++i) {
    std::memcpy(block + form.bytes() + 10 * i, &cpu.x87.st(i).significand, 8);
    std::memcpy(block + form.bytes() + 10 * i + 8, &cpu.x87.st(i).sign_exponent, 2);
  }
  if (const Outcome o = write_block(cpu, op, block, form.bytes() + kRegisterBytes); o != Outcome::Next)
    return o;
  initialize(cpu);
  return Outcome::Next;
}

Outcome frstor(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  const Layout form = layout(cpu, op);
  u8 block[kMost];
  if (const Outcome o = read_block(cpu, op, block, form.bytes() + kRegisterBytes); o != Outcome::Next)
    return o;
  set_environment(cpu, get_fields(form, block), form);
  for (unsigned i = 0; i < 8; ++i) {
    std::memcpy(&cpu.x87.st(i).significand, block + form.bytes() + 10 * i, 8);
    std::memcpy(&cpu.x87.st(i).sign_exponent, block + form.bytes() + 10 * i + 8, 2);
  }
  return Outcome::Next;
}

// --- single words ---

Outcome fninit(Cpu& cpu, const Op&) {
  initialize(cpu);
  return Outcome::Next;
}

Outcome fnclex(Cpu& cpu, const Op&) {
  cpu.x87.status &= 0x7F00;
  return Outcome::Next;
}

Outcome fnstcw(Cpu& cpu, const Op& op) { return write_memory<u16>(cpu, op, cpu.x87.control); }
Outcome fnstsw(Cpu& cpu, const Op& op) { return write_operand<u16>(cpu, op, 0, cpu.x87.status); }

Outcome fldcw(Cpu& cpu, const Op& op) {
  if (const Outcome o = pending_float_error(cpu); o != Outcome::Next) return o;
  const Loaded<u16> r = read_memory<u16>(cpu, op);
  if (r.failed()) return r.outcome;
  set_control(cpu, r.value);
  return Outcome::Next;
}

Outcome fwait(Cpu& cpu, const Op&) { return pending_float_error(cpu); }

/// FENI, FDISI, FSETPM: instructions of the 8087 and 80287 that do nothing since the 387.
Outcome nothing(Cpu&, const Op&) { return Outcome::Next; }

// --- the stack pointer ---

template <int kStep>
Outcome move_top(Cpu& cpu, const Op&) {
  cpu.x87.set_top(cpu.x87.top() + static_cast<unsigned>(kStep));
  set_condition(cpu, status::kC1, 0);
  return Outcome::Next;
}

template <bool kPop>
Outcome ffree(Cpu& cpu, const Op& op) {
  free_st(cpu, op.reg[0]);
  set_condition(cpu, status::kC1, 0);
  if (kPop) pop(cpu);
  return Outcome::Next;
}

}  // namespace

Handlers control(const Form& form, Op& op) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case FNINIT: return heavy<&fninit>();
    case FNCLEX: return heavy<&fnclex>();
    case FNSTCW: return heavy<&fnstcw>();
    case FNSTSW: return heavy<&fnstsw>();
    case FLDCW: return heavy<&fldcw>();
    case FNSTENV: return heavy<&fnstenv>();
    case FLDENV: return heavy<&fldenv>();
    case FNSAVE: return heavy<&fnsave>();
    case FRSTOR: return heavy<&frstor>();
    case FWAIT: return heavy<&fwait>();
    case FENI8087_NOP:
    case FDISI8087_NOP:
    case FSETPM287_NOP: return heavy<&nothing>();
    case FNOP: return numeric<&nothing>(form, op);
    case FINCSTP: return numeric<&move_top<1>>(form, op);
    case FDECSTP: return numeric<&move_top<-1>>(form, op);
    case FFREE: return numeric<&ffree<false>>(form, op);
    case FFREEP: return numeric<&ffree<true>>(form, op);
    default: return {};
  }
}

}  // namespace hvlab::execute::x87
