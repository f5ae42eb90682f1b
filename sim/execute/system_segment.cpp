// Segment registers: MOV, PUSH, POP, LDS LES LSS LFS LGS (SDM vol. 2).
#include "sim/control/segments.hpp"
#include "sim/cpu/cpuid.hpp"
#include "sim/execute/system.hpp"

namespace hvlab::execute {

namespace {

using control::ok;
using decode::Kind;
using decode::Mnemonic;

/// After a load of SS the decoder's stack size may differ, and one instruction is shielded (SDM vol.
/// 3, 6.8.3).
Outcome after_load(Cpu& cpu, unsigned segment, bool shadow) {
  if (segment != arch::kSs) return Outcome::Next;
  cpu.mov_ss_shadow = shadow;
  return Outcome::Exit;
}

Outcome mov_to_segment(Cpu& cpu, const Op& op) {
  const auto selector = read_operand<u16>(cpu, op, 1);
  if (selector.failed()) return selector.outcome;
  if (const Outcome o = control::load_segment(cpu, op.reg[0], selector.value); !ok(o)) return o;
  return after_load(cpu, op.reg[0], true);
}

template <class T>
struct MovFromSegment {
  static Outcome run(Cpu& cpu, const Op& op) {
    const u16 selector = cpu.seg[op.reg[1]].selector;
    if (op.mem == 0) return write_memory<u16>(cpu, op, selector);
    cpu.set<T>(op.reg[0], selector);
    return Outcome::Next;
  }
};

/// A 32-bit push of which only the lower half is written.
Outcome push_lower_half(Cpu& cpu, u16 value) {
  const u64 sp = mmu::stack_pointer(cpu) - 4;
  const u64 offset =
      cpu.stack_bytes() == 2 ? static_cast<u16>(sp) : static_cast<u32>(sp);  // no 64-bit code pushes 4 bytes
  u64 linear = 0;
  if (const Outcome o = mmu::check_segment(cpu, arch::kSs, offset, sizeof value, Access::Write, linear);
      !ok(o))
    return o;
  if (const Outcome o = mmu::store<u16>(cpu, linear, value); !ok(o)) return o;
  mmu::set_stack_pointer(cpu, offset);
  return Outcome::Next;
}

/// With a 32-bit operand size Intel's processors write the selector alone and leave the other two bytes of
/// the place as they are (SDM vol. 2, PUSH), AMD's write zeros there (APM vol. 3, PUSH).
template <class T>
struct PushSegment {
  static Outcome run(Cpu& cpu, const Op& op) {
    const u16 selector = cpu.seg[op.reg[0]].selector;
    if constexpr (sizeof(T) == 4) {
      if (cpu::vendor(cpu) == cpu::Vendor::Intel) return push_lower_half(cpu, selector);
    }
    return push<T>(cpu, selector);
  }
};

/// What a POP reads: Intel's processors look at the selector alone (docs/oracle.md), AMD's at the whole
/// operand.
template <class T>
Loaded<T> selector_on_stack(Cpu& cpu) {
  if (sizeof(T) == 2 || cpu::vendor(cpu) == cpu::Vendor::Amd) return peek<T>(cpu);
  const auto selector = peek<u16>(cpu);
  return {selector.value, selector.outcome};
}

template <class T>
struct PopSegment {
  static Outcome run(Cpu& cpu, const Op& op) {
    const auto value = selector_on_stack<T>(cpu);
    if (value.failed()) return value.outcome;
    const u64 old = cpu.gpr[arch::kRsp];
    mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + sizeof(T));  // by the old SS's size
    if (const Outcome o = control::load_segment(cpu, op.reg[0], static_cast<u16>(value.value)); !ok(o)) {
      cpu.gpr[arch::kRsp] = old;
      return o;
    }
    return after_load(cpu, op.reg[0], true);
  }
};

template <class T, unsigned kSegment>
struct LoadFar {
  static Outcome run(Cpu& cpu, const Op& op) {
    // AMD's processors load 32 bits whatever REX.W says (APM vol. 3, LFS).
    if constexpr (sizeof(T) == 8) {
      if (cpu::vendor(cpu) == cpu::Vendor::Amd) return LoadFar<u32, kSegment>::run(cpu, op);
    }
    u64 linear = 0;
    struct [[gnu::packed]] {
      T offset;
      u16 selector;
    } pointer;
    if (const Outcome o = linear_address(cpu, op, sizeof pointer, Access::Read, linear); !ok(o)) return o;
    if (const Outcome o = mmu::read_slow(cpu, linear, &pointer, sizeof pointer, mmu::Rights::Current); !ok(o))
      return o;
    if (const Outcome o = control::load_segment(cpu, kSegment, pointer.selector); !ok(o)) return o;
    cpu.set<T>(op.reg[0], pointer.offset);
    return after_load(cpu, kSegment, false);
  }
};

template <unsigned kSegment>
Handlers load_far(const Form& form) {
  switch (form.operand_bytes) {
    case 2: return heavy<&LoadFar<u16, kSegment>::run>();
    case 4: return heavy<&LoadFar<u32, kSegment>::run>();
    default: return heavy<&LoadFar<u64, kSegment>::run>();
  }
}

}  // namespace

Handlers select_mov_segment(const Form& form, Op& op) {
  if (form.operand[0].kind == Kind::Segment) {
    if (op.reg[0] == arch::kCs || op.reg[0] > arch::kGs) return {};
    return heavy<&mov_to_segment>();
  }
  if (form.operand[1].kind == Kind::Segment) return by_operand_size<MovFromSegment>(form, op);
  return {};
}

Handlers select_push_segment(const Form& form, Op& op) {
  return form.operand[0].kind == Kind::Segment ? by_operand_size<PushSegment>(form, op) : Handlers{};
}

Handlers select_pop_segment(const Form& form, Op& op) {
  return form.operand[0].kind == Kind::Segment ? by_operand_size<PopSegment>(form, op) : Handlers{};
}

Handlers select_load_far(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::LDS: return load_far<arch::kDs>(form);
    case Mnemonic::LES: return load_far<arch::kEs>(form);
    case Mnemonic::LSS: return load_far<arch::kSs>(form);
    case Mnemonic::LFS: return load_far<arch::kFs>(form);
    default: return load_far<arch::kGs>(form);
  }
}

}  // namespace hvlab::execute
