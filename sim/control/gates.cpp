#include "sim/control/gates.hpp"

#include "sim/control/task_switch.hpp"

namespace hvlab::control {

using arch::Descriptor;
using arch::selector_null;
using arch::SystemType;
namespace flag = arch::flag;

namespace {

u32 gate_error(const Delivery& event) {
  return event.vector * 8u | arch::selector_error::kIdt | external_bit(event);
}

/// Reads the gate of `event`; `entry_bytes` is 8 or 16 (IA-32e mode).
Outcome fetch_gate(Cpu& cpu, const Delivery& event, unsigned entry_bytes, Descriptor& gate, u64& upper) {
  const Exception gp = Exception::GeneralProtection;
  const u32 at = event.vector * entry_bytes;
  if (at + entry_bytes - 1 > cpu.idtr.limit) return raise(cpu, gp, gate_error(event));
  u64 raw[2] = {0, 0};
  const u64 linear = table_address(cpu, cpu.idtr.base + at);
  if (const Outcome o = mmu::read_slow(cpu, linear, raw, entry_bytes, Rights::System); !ok(o)) return o;
  gate.raw = raw[0], upper = raw[1];
  const bool wide = gate.is(SystemType::InterruptGate) || gate.is(SystemType::TrapGate);
  const bool old = gate.is(SystemType::InterruptGate16) || gate.is(SystemType::TrapGate16) ||
                   gate.is(SystemType::TaskGate);
  if (!wide && (entry_bytes == 16 || !old)) return raise(cpu, gp, gate_error(event));
  if (event.software() && gate.dpl() < cpu.cpl) return raise(cpu, gp, gate_error(event));
  if (!gate.present()) return raise(cpu, Exception::SegmentNotPresent, gate_error(event));
  return Outcome::Next;
}

/// The handler's code segment: `cs` with RPL = the handler's privilege level, which goes to `level`.
Outcome fetch_handler(Cpu& cpu, u16 selector, u32 external, SegmentRegister& cs, u8& level) {
  const Exception gp = Exception::GeneralProtection;
  if (selector_null(selector)) return raise(cpu, gp, external);
  TableEntry entry;
  if (const Outcome o = fetch_descriptor(cpu, selector, gp, external, entry); !ok(o)) return o;
  const Descriptor& d = entry.descriptor;
  if (!d.code() || d.dpl() > cpu.cpl) return raise_selector(cpu, gp, selector, external);
  if (cpu.long_active() && (!d.long_code() || d.default_big()))
    return raise_selector(cpu, gp, selector, external);
  level = d.conforming() ? cpu.cpl : d.dpl();
  if (cpu.v8086() && level != 0) return raise_selector(cpu, gp, selector, external);
  if (!d.present()) return raise_selector(cpu, Exception::SegmentNotPresent, selector, external);
  if (const Outcome o = set_accessed(cpu, entry); !ok(o)) return o;
  cs = make_segment(static_cast<u16>((selector & ~3) | level), entry.descriptor);
  return Outcome::Next;
}

u64 cleared_flags(bool interrupt_gate) {
  return flag::kTf | flag::kVm | flag::kRf | flag::kNt | (interrupt_gate ? flag::kIf : 0);
}

Outcome through_task_gate(Cpu& cpu, const Delivery& event, u16 selector) {
  const u32 external = external_bit(event);
  const u64 next = cpu.rip + event.length;
  if (const Outcome o =
          switch_task(cpu, selector, TaskSwitch::Event, external, next, saved_flags(cpu, event));
      !ok(o))
    return o;
  if (!event.has_error) return Outcome::Next;
  const unsigned bytes = wide_tss(cpu.tr) ? 4 : 2;
  Frame frame(cpu, cpu.seg[arch::kSs], cpu.gpr[arch::kRsp], cpu.stack_bytes(), cpu.cpl, external);
  if (const Outcome o = frame.push(event.error, bytes); !ok(o)) return o;
  cpu.gpr[arch::kRsp] = frame.sp();
  return Outcome::Next;
}

/// What is pushed by an event that interrupts virtual-8086 mode, before SS.
Outcome push_v8086_segments(const Cpu& cpu, Frame& frame, unsigned bytes) {
  return frame.push_all(bytes, cpu.seg[arch::kGs].selector, cpu.seg[arch::kFs].selector,
                        cpu.seg[arch::kDs].selector, cpu.seg[arch::kEs].selector);
}

}  // namespace

u64 saved_flags(const Cpu& cpu, const Delivery& event) {
  const u64 flags = cpu.rflags();
  // What a hypervisor of VMX injects saves RF as it stands (SDM vol. 3, 27.6.1.1).
  if (event.injected && cpu.exits_first) return flags;
  const bool fault = event.source == Source::Exception && !event.trap &&
                     event.vector != static_cast<u8>(Exception::DoubleFault) &&
                     event.vector != static_cast<u8>(Exception::MachineCheck) &&
                     (event.debug_bits & 0xF) == 0;
  return fault ? flags | flag::kRf : flags;
}

void enter_code(Cpu& cpu, const SegmentRegister& cs, u64 rip, u8 cpl, u64 cleared) {
  cpu.seg[arch::kCs] = cs;
  cpu.code_left = cpu.rip;
  cpu.rip = rip;
  cpu.cpl = cpl;
  cpu.rflags_rest &= ~cleared;
  cpu.refresh();
}

Outcome deliver_real(Cpu& cpu, const Delivery& event) {
  const u32 at = event.vector * 4u;
  if (at + 3 > cpu.idtr.limit) return raise(cpu, Exception::GeneralProtection, 0);
  const auto vector = mmu::load_as<u32>(cpu, table_address(cpu, cpu.idtr.base + at), Rights::System);
  if (vector.failed()) return vector.outcome;
  Frame frame(cpu, cpu.seg[arch::kSs], cpu.gpr[arch::kRsp], cpu.stack_bytes(), 0, 0);
  const u64 next = cpu.rip + event.length;
  if (const Outcome o = frame.push_all(2, saved_flags(cpu, event), cpu.seg[arch::kCs].selector, next); !ok(o))
    return o;
  cpu.gpr[arch::kRsp] = frame.sp();
  const SegmentRegister cs = real_segment(cpu.seg[arch::kCs], static_cast<u16>(vector.value >> 16));
  enter_code(cpu, cs, vector.value & 0xFFFF, 0, flag::kIf | flag::kTf | flag::kAc | flag::kRf);
  return Outcome::Next;
}

Outcome deliver_protected(Cpu& cpu, const Delivery& event) {
  Descriptor gate;
  u64 unused = 0;
  if (const Outcome o = fetch_gate(cpu, event, 8, gate, unused); !ok(o)) return o;
  if (gate.is(SystemType::TaskGate)) return through_task_gate(cpu, event, gate.gate_selector());

  const u32 external = external_bit(event);
  const unsigned bytes = (gate.type() & 8) != 0 ? 4 : 2;
  const u64 offset = bytes == 4 ? gate.gate_offset() : gate.gate_offset() & 0xFFFF;
  SegmentRegister cs, ss = cpu.seg[arch::kSs];
  u64 sp = cpu.gpr[arch::kRsp];
  u8 level = 0;
  if (const Outcome o = fetch_handler(cpu, gate.gate_selector(), external, cs, level); !ok(o)) return o;
  const bool inner = level < cpu.cpl, from_v8086 = cpu.v8086();
  if (inner) {
    if (const Outcome o = inner_stack(cpu, level, external, ss, sp); !ok(o)) return o;
  }
  if (offset > cs.limit) return raise(cpu, Exception::GeneralProtection, external);

  Frame frame(cpu, ss, sp, stack_width(ss), level, inner ? (ss.selector & ~3u) | external : external);
  Outcome o = Outcome::Next;
  if (from_v8086) o = push_v8086_segments(cpu, frame, bytes);
  if (ok(o) && inner) o = frame.push_all(bytes, u64{cpu.seg[arch::kSs].selector}, cpu.gpr[arch::kRsp]);
  if (ok(o))
    o = frame.push_all(bytes, saved_flags(cpu, event), cpu.seg[arch::kCs].selector, cpu.rip + event.length);
  if (ok(o) && event.has_error) o = frame.push(event.error, bytes);
  if (!ok(o)) return o;

  cpu.seg[arch::kSs] = ss;
  cpu.gpr[arch::kRsp] = frame.sp();
  if (from_v8086)
    for (const unsigned n : {arch::kEs, arch::kDs, arch::kFs, arch::kGs}) cpu.seg[n] = null_segment(0);
  enter_code(cpu, cs, offset, level, cleared_flags((gate.type() & 1) == 0));
  return Outcome::Next;
}

Outcome deliver_long(Cpu& cpu, const Delivery& event) {
  Descriptor gate;
  u64 upper = 0;
  if (const Outcome o = fetch_gate(cpu, event, 16, gate, upper); !ok(o)) return o;
  const u32 external = external_bit(event);
  const u64 rip = gate.gate_offset() | upper << 32;
  SegmentRegister cs;
  u8 level = 0;
  if (const Outcome o = fetch_handler(cpu, gate.gate_selector(), external, cs, level); !ok(o)) return o;
  const bool inner = level < cpu.cpl;
  u64 sp = cpu.code64() ? cpu.gpr[arch::kRsp] : cpu.gpr[arch::kRsp] & low_mask(cpu.stack_bytes() * 8u);
  if (inner || gate.gate_ist() != 0) {
    if (const Outcome o = inner_stack64(cpu, level, gate.gate_ist(), external, sp); !ok(o)) return o;
  }
  if (!cpu::canonical(rip)) return raise(cpu, Exception::GeneralProtection, external);

  const SegmentRegister ss = inner ? null_segment(level, level) : cpu.seg[arch::kSs];
  Frame frame(cpu, ss, sp & ~u64{0xF}, 8, level, external);
  Outcome o =
      frame.push_all(8, u64{cpu.seg[arch::kSs].selector}, cpu.gpr[arch::kRsp], saved_flags(cpu, event),
                     u64{cpu.seg[arch::kCs].selector}, cpu.rip + event.length);
  if (ok(o) && event.has_error) o = frame.push(event.error, 8);
  if (!ok(o)) return o;

  cpu.seg[arch::kSs] = ss;
  cpu.gpr[arch::kRsp] = frame.sp();
  enter_code(cpu, cs, rip, level, cleared_flags((gate.type() & 1) == 0));
  return Outcome::Next;
}

}  // namespace hvlab::control
