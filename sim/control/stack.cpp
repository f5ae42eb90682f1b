#include "sim/control/stack.hpp"

namespace hvlab::control {

bool within_limit(const SegmentRegister& segment, u64 offset, unsigned bytes) {
  namespace a = arch::attribute;
  const u64 last = offset + bytes - 1;
  const bool expand_down =
      (segment.attributes & (a::kCode | a::kExpandDown | a::kNonSystem)) == (a::kExpandDown | a::kNonSystem);
  if (!expand_down) return last <= segment.limit;
  const u64 top = (segment.attributes & a::kDefaultBig) ? 0xFFFF'FFFF : 0xFFFF;
  return offset > segment.limit && last <= top;
}

Outcome Frame::push(u64 value, unsigned bytes) {
  const u64 mask = low_mask(width_ * 8u);
  const u64 offset = (sp_ - bytes) & mask;
  u64 linear = offset;
  if (width_ == 8) {
    if (!cpu::canonical(offset) || !cpu::canonical(offset + bytes - 1))
      return raise(cpu_, Exception::StackFault, error_);
  } else {
    if (!within_limit(ss_, offset, bytes)) return raise(cpu_, Exception::StackFault, error_);
    linear = static_cast<u32>(ss_.base + offset);
  }
  if (const Outcome o = mmu::write_slow(cpu_, linear, &value, bytes, rights_); !ok(o)) return o;
  sp_ = (width_ == 2 ? sp_ & ~mask : 0) | offset;
  return Outcome::Next;
}

Outcome inner_stack(Cpu& cpu, u8 level, u32 external, SegmentRegister& ss, u64& sp) {
  const bool wide = wide_tss(cpu.tr);
  const u32 at = wide ? level * 8u + 4 : level * 4u + 2;
  const Exception ts = Exception::InvalidTss;
  if (at + (wide ? 5 : 3) > cpu.tr.limit) return raise_selector(cpu, ts, cpu.tr.selector, external);
  const u64 linear = table_address(cpu, cpu.tr.base + at);
  u32 pointer = 0;
  u16 selector = 0;
  const unsigned bytes = wide ? 4 : 2;
  if (const Outcome o = mmu::read_slow(cpu, linear, &pointer, bytes, Rights::System); !ok(o)) return o;
  if (const Outcome o = mmu::read_slow(cpu, table_address(cpu, linear + bytes), &selector, 2, Rights::System);
      !ok(o))
    return o;
  sp = pointer;
  return check_stack_segment(cpu, selector, level, ts, external, ss);
}

Outcome inner_stack64(Cpu& cpu, u8 level, unsigned ist, u32 external, u64& sp) {
  const u32 at = ist != 0 ? ist * 8 + 28 : level * 8u + 4;
  if (at + 7 > cpu.tr.limit) return raise_selector(cpu, Exception::InvalidTss, cpu.tr.selector, external);
  const auto loaded = mmu::load_as<u64>(cpu, cpu.tr.base + at, Rights::System);
  if (loaded.failed()) return loaded.outcome;
  sp = loaded.value;
  return cpu::canonical(sp) ? Outcome::Next : raise(cpu, Exception::StackFault, external);
}

}  // namespace hvlab::control
