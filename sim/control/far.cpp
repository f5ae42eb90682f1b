#include "sim/control/far.hpp"

#include "sim/control/code_segment.hpp"
#include "sim/control/gates.hpp"
#include "sim/control/task_switch.hpp"
#include "sim/mmu/segmented.hpp"

namespace hvlab::control {

using arch::Descriptor;
using arch::selector_null;
using arch::selector_rpl;
using arch::SystemType;

namespace {

constexpr Exception kGp = Exception::GeneralProtection;

/// What a far jump or call was given.
struct Transfer {
  bool call = false;
  u16 selector = 0;
  u64 offset = 0;
  unsigned bytes = 4;
  u64 next_rip = 0;
};

/// The current stack, pushed to at the current level.
Frame current_stack(Cpu& cpu) {
  return Frame(cpu, cpu.seg[arch::kSs], cpu.gpr[arch::kRsp], cpu.stack_bytes(), cpu.cpl, 0);
}

Outcome push_return(Cpu& cpu, Frame& frame, unsigned bytes, u64 next_rip) {
  return frame.push_all(bytes, u64{cpu.seg[arch::kCs].selector}, next_rip);
}

Outcome transfer_real(Cpu& cpu, const Transfer& t) {
  const bool v8086 = cpu.v8086();
  const SegmentRegister cs = v8086 ? v8086_segment(t.selector) : real_segment(cpu.seg[arch::kCs], t.selector);
  if (t.offset > cs.limit) return raise(cpu, kGp, 0);
  if (t.call) {
    Frame frame = current_stack(cpu);
    if (const Outcome o = push_return(cpu, frame, t.bytes, t.next_rip); !ok(o)) return o;
    cpu.gpr[arch::kRsp] = frame.sp();
  }
  enter_code(cpu, cs, t.offset, cpu.cpl, 0);
  return Outcome::Next;
}

Outcome transfer_direct(Cpu& cpu, const Transfer& t, TableEntry& entry) {
  SegmentRegister cs;
  u8 level = 0;
  if (const Outcome o = enter_segment(cpu, t.selector, entry, Through::Direct, cs, level); !ok(o)) return o;
  Frame frame = current_stack(cpu);
  if (t.call) {
    if (const Outcome o = push_return(cpu, frame, t.bytes, t.next_rip); !ok(o)) return o;
  }
  if (!code_address_valid(cpu, cs, t.offset)) return raise(cpu, kGp, 0);
  cpu.gpr[arch::kRsp] = frame.sp();
  enter_code(cpu, cs, t.offset, cpu.cpl, 0);
  return Outcome::Next;
}

/// Copies `count` parameters of `bytes` bytes from the current stack to `frame`, the highest first.
Outcome copy_parameters(Cpu& cpu, Frame& frame, unsigned count, unsigned bytes) {
  for (unsigned i = count; i-- > 0;) {
    const auto value = peek_sized(cpu, bytes, i * bytes);
    if (value.failed()) return value.outcome;
    if (const Outcome o = frame.push(value.value, bytes); !ok(o)) return o;
  }
  return Outcome::Next;
}

/// A gate's call to an inner level: a stack from the TSS (SDM vol. 3, 5.8.5).
Outcome call_inner(Cpu& cpu, const Descriptor& gate, const SegmentRegister& cs, u64 rip, u8 level,
                   u64 next_rip) {
  const bool long_mode = cpu.long_active();
  const unsigned bytes = long_mode ? 8 : (gate.type() & 8) != 0 ? 4 : 2;
  SegmentRegister ss = null_segment(level, level);
  u64 sp = 0;
  if (const Outcome o = long_mode ? inner_stack64(cpu, level, 0, 0, sp) : inner_stack(cpu, level, 0, ss, sp);
      !ok(o))
    return o;
  if (!code_address_valid(cpu, cs, rip)) return raise(cpu, kGp, 0);
  Frame frame(cpu, ss, sp, long_mode ? 8 : stack_width(ss), level, ss.selector & ~3u);
  Outcome o = frame.push_all(bytes, u64{cpu.seg[arch::kSs].selector}, cpu.gpr[arch::kRsp]);
  if (ok(o) && !long_mode) o = copy_parameters(cpu, frame, gate.gate_parameters(), bytes);
  if (ok(o)) o = push_return(cpu, frame, bytes, next_rip);
  if (!ok(o)) return o;
  cpu.seg[arch::kSs] = ss;
  cpu.gpr[arch::kRsp] = frame.sp();
  enter_code(cpu, cs, rip, level, 0);
  return Outcome::Next;
}

Outcome transfer_call_gate(Cpu& cpu, const Transfer& t, const TableEntry& gate_entry) {
  const Descriptor& gate = gate_entry.descriptor;
  const bool wide = (gate.type() & 8) != 0;
  u64 rip = wide ? gate.gate_offset() : gate.gate_offset() & 0xFFFF;
  if (cpu.long_active()) {
    u64 upper = 0;
    if (const Outcome o = fetch_upper(cpu, t.selector, 0, gate_entry, upper); !ok(o)) return o;
    rip |= upper << 32;
  }
  const u16 selector = gate.gate_selector();
  if (selector_null(selector)) return raise(cpu, kGp, 0);
  TableEntry target;
  if (const Outcome o = fetch_descriptor(cpu, selector, kGp, 0, target); !ok(o)) return o;
  SegmentRegister cs;
  u8 level = 0;
  const Through through = t.call ? Through::GateCall : Through::GateJump;
  if (const Outcome o = enter_segment(cpu, selector, target, through, cs, level); !ok(o)) return o;
  if (level < cpu.cpl) return call_inner(cpu, gate, cs, rip, level, t.next_rip);

  Frame frame = current_stack(cpu);
  const unsigned bytes = cpu.long_active() ? 8 : wide ? 4 : 2;
  if (t.call) {
    if (const Outcome o = push_return(cpu, frame, bytes, t.next_rip); !ok(o)) return o;
  }
  if (!code_address_valid(cpu, cs, rip)) return raise(cpu, kGp, 0);
  cpu.gpr[arch::kRsp] = frame.sp();
  enter_code(cpu, cs, rip, cpu.cpl, 0);
  return Outcome::Next;
}

/// Call gate, task gate or TSS.
Outcome transfer_system(Cpu& cpu, const Transfer& t, const TableEntry& entry) {
  const Descriptor& d = entry.descriptor;
  const bool long_mode = cpu.long_active();
  const bool call_gate = d.is(SystemType::CallGate) || (d.is(SystemType::CallGate16) && !long_mode);
  const bool task_gate = d.is(SystemType::TaskGate) && !long_mode;
  const bool tss = (d.is(SystemType::TssAvailable) || d.is(SystemType::Tss16Available)) && !long_mode;
  if (!call_gate && !task_gate && !tss) return raise_selector(cpu, kGp, t.selector);
  if (d.dpl() < cpu.cpl || d.dpl() < selector_rpl(t.selector)) return raise_selector(cpu, kGp, t.selector);
  if (!d.present()) return raise_selector(cpu, Exception::SegmentNotPresent, t.selector);
  if (call_gate) return transfer_call_gate(cpu, t, entry);
  const u16 selector = task_gate ? d.gate_selector() : t.selector;
  return switch_task(cpu, selector, t.call ? TaskSwitch::Call : TaskSwitch::Jump, 0, t.next_rip,
                     cpu.rflags());
}

Outcome transfer(Cpu& cpu, Transfer t) {
  t.offset &= low_mask(t.bytes * 8);
  if (!cpu.protected_mode() || cpu.v8086()) return transfer_real(cpu, t);
  if (selector_null(t.selector)) return raise(cpu, kGp, 0);
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, t.selector, kGp, 0, entry); !ok(o)) return o;
  return entry.descriptor.non_system() ? transfer_direct(cpu, t, entry) : transfer_system(cpu, t, entry);
}

Outcome return_real(Cpu& cpu, unsigned bytes, u16 release, u64 rip, u16 selector) {
  const SegmentRegister cs =
      cpu.v8086() ? v8086_segment(selector) : real_segment(cpu.seg[arch::kCs], selector);
  if (rip > cs.limit) return raise(cpu, kGp, 0);
  mmu::set_stack_pointer(cpu, mmu::stack_pointer(cpu) + 2 * bytes + release);
  enter_code(cpu, cs, rip, cpu.cpl, 0);
  return Outcome::Next;
}

}  // namespace

Outcome far_jump(Cpu& cpu, u16 selector, u64 offset, unsigned bytes, u64 next_rip) {
  return transfer(
      cpu, {.call = false, .selector = selector, .offset = offset, .bytes = bytes, .next_rip = next_rip});
}

Outcome far_call(Cpu& cpu, u16 selector, u64 offset, unsigned bytes, u64 next_rip) {
  return transfer(
      cpu, {.call = true, .selector = selector, .offset = offset, .bytes = bytes, .next_rip = next_rip});
}

Outcome far_return(Cpu& cpu, unsigned bytes, u16 release) {
  const auto rip = peek_sized(cpu, bytes, 0);
  if (rip.failed()) return rip.outcome;
  const auto raw = peek_sized(cpu, bytes, bytes);
  if (raw.failed()) return raw.outcome;
  const u16 selector = static_cast<u16>(raw.value);
  if (!cpu.protected_mode() || cpu.v8086()) return return_real(cpu, bytes, release, rip.value, selector);

  SegmentRegister cs;
  if (const Outcome o = return_segment(cpu, selector, cs); !ok(o)) return o;
  if (selector_rpl(selector) == cpu.cpl) {
    if (!code_address_valid(cpu, cs, rip.value)) return raise(cpu, kGp, 0);
    const u64 sp = mmu::stack_pointer(cpu) + 2 * bytes + release;
    mmu::set_stack_pointer(cpu, sp);  // by the size of the stack that was popped
    enter_code(cpu, cs, rip.value, cpu.cpl, 0);
    return Outcome::Next;
  }
  const auto sp = peek_sized(cpu, bytes, 2 * bytes + release);
  if (sp.failed()) return sp.outcome;
  const auto ss_raw = peek_sized(cpu, bytes, 3 * bytes + release);
  if (ss_raw.failed()) return ss_raw.outcome;
  SegmentRegister ss;
  if (const Outcome o = return_stack(cpu, static_cast<u16>(ss_raw.value), cs, ss); !ok(o)) return o;
  if (!code_address_valid(cpu, cs, rip.value)) return raise(cpu, kGp, 0);
  return_outer(cpu, cs, rip.value, ss, sp.value + release);
  return Outcome::Next;
}

}  // namespace hvlab::control
