// Port space: IN OUT, INS OUTS (SDM vol. 2; vol. 1, chapter 19).
#include "sim/control/io_permission.hpp"
#include "sim/cpu/debug.hpp"
#include "sim/execute/system.hpp"

namespace hvlab::execute {

namespace {

using control::ok;
using decode::Mnemonic;
using observe::EventKind;

template <class T>
T port_in(Cpu& cpu, u16 port) {
  cpu.charge(cpu.costs.port_access);
  const T value = static_cast<T>(cpu.bus->port_read(port, sizeof(T)));
  cpu.report(EventKind::PortRead, port, value);
  cpu.pending_debug |= cpu::match_io_breakpoint(cpu, port, sizeof(T));
  return value;
}

template <class T>
void port_out(Cpu& cpu, u16 port, T value) {
  cpu.charge(cpu.costs.port_access);
  cpu.report(EventKind::PortWrite, port, value);
  cpu.bus->port_write(port, sizeof(T), value);
  cpu.pending_debug |= cpu::match_io_breakpoint(cpu, port, sizeof(T));
}

bool repeated(const Op& op) { return (op.flags & (decode::op_flag::kRep | decode::op_flag::kRepne)) != 0; }

/// The port: an immediate byte, or DX.
template <bool kImmediate>
u16 port_of(const Cpu& cpu, const Op& op) {
  return kImmediate ? static_cast<u8>(op.imm) : cpu.get<u16>(arch::kRdx * 8);
}

/// The hypervisor of a guest is asked once the port is open to the program, before memory is touched (APM
/// vol. 2, 15.10.3).
Outcome ask(Cpu& cpu, const Op& op, u16 port, unsigned bytes, bool input, bool string) {
  if (cpu.guest == nullptr) return Outcome::Next;
  return cpu.guest->port(cpu, {.port = port,
                               .bytes = static_cast<u8>(bytes),
                               .input = input,
                               .string = string,
                               .repeated = string && repeated(op),
                               .address_bytes = op.address_bytes,
                               .segment = input ? static_cast<u8>(arch::kEs) : op.segment});
}

template <class T, bool kImmediate>
Outcome in(Cpu& cpu, const Op& op) {
  const u16 port = port_of<kImmediate>(cpu, op);
  if (const Outcome o = control::check_io_permission(cpu, port, sizeof(T)); !ok(o)) return o;
  if (const Outcome o = ask(cpu, op, port, sizeof(T), true, false); !ok(o)) return o;
  cpu.set<T>(arch::kRax * 8, port_in<T>(cpu, port));
  return Outcome::Next;
}

template <class T, bool kImmediate>
Outcome out(Cpu& cpu, const Op& op) {
  const u16 port = port_of<kImmediate>(cpu, op);
  if (const Outcome o = control::check_io_permission(cpu, port, sizeof(T)); !ok(o)) return o;
  if (const Outcome o = ask(cpu, op, port, sizeof(T), false, false); !ok(o)) return o;
  port_out<T>(cpu, port, cpu.get<T>(arch::kRax * 8));
  return Outcome::Next;
}

// --- strings: one element at a time, so that interrupts come between elements ---

u64 address_mask(const Op& op) { return low_mask(op.address_bytes * 8u); }

/// A register as wide as the address size: 32-bit writes clear the upper half.
void set_by_address_size(Cpu& cpu, const Op& op, unsigned reg, u64 value) {
  if (op.address_bytes == 2)
    cpu.set<u16>(static_cast<u8>(reg * 8), static_cast<u16>(value));
  else
    cpu.gpr[reg] = value & address_mask(op);
}

bool finished(const Cpu& cpu, const Op& op) {
  return repeated(op) && (cpu.gpr[arch::kRcx] & address_mask(op)) == 0;
}

/// Moves the index register on and counts the element.
Outcome advance(Cpu& cpu, const Op& op, unsigned index, unsigned bytes) {
  const u64 step = cpu.rflag(arch::flag::kDf) ? u64{0} - bytes : bytes;
  set_by_address_size(cpu, op, index, cpu.gpr[index] + step);
  if (!repeated(op)) return Outcome::Next;
  set_by_address_size(cpu, op, arch::kRcx, cpu.gpr[arch::kRcx] - 1);
  cpu.charge(cpu.costs.string_unit);
  return finished(cpu, op) ? Outcome::Next : Outcome::Repeat;
}

template <class T>
Outcome ins(Cpu& cpu, const Op& op) {
  const u16 port = cpu.get<u16>(arch::kRdx * 8);
  // Asked for even if there is nothing to do.
  if (const Outcome o = control::check_io_permission(cpu, port, sizeof(T)); !ok(o)) return o;
  if (finished(cpu, op)) return Outcome::Next;
  if (const Outcome o = ask(cpu, op, port, sizeof(T), true, true); !ok(o)) return o;
  u64 linear = 0;
  const u64 offset = cpu.gpr[arch::kRdi] & address_mask(op);
  if (const Outcome o = check_segment(cpu, arch::kEs, offset, sizeof(T), Access::Write, linear); !ok(o))
    return o;
  if (const Outcome o = mmu::probe_write(cpu, linear, sizeof(T)); !ok(o))
    return o;  // the port must not be read in vain
  if (const Outcome o = mmu::store<T>(cpu, linear, port_in<T>(cpu, port)); !ok(o)) return o;
  return advance(cpu, op, arch::kRdi, sizeof(T));
}

template <class T>
Outcome outs(Cpu& cpu, const Op& op) {
  const u16 port = cpu.get<u16>(arch::kRdx * 8);
  // Asked for even if there is nothing to do.
  if (const Outcome o = control::check_io_permission(cpu, port, sizeof(T)); !ok(o)) return o;
  if (finished(cpu, op)) return Outcome::Next;
  if (const Outcome o = ask(cpu, op, port, sizeof(T), false, true); !ok(o)) return o;
  u64 linear = 0;
  const u64 offset = cpu.gpr[arch::kRsi] & address_mask(op);
  if (const Outcome o = check_segment(cpu, op.segment, offset, sizeof(T), Access::Read, linear); !ok(o))
    return o;
  const auto value = mmu::load<T>(cpu, linear);
  if (value.failed()) return value.outcome;
  port_out<T>(cpu, port, value.value);
  return advance(cpu, op, arch::kRsi, sizeof(T));
}

template <class T>
Handlers port_of_form(const Form& form) {
  const bool immediate = form.opcode < 0xE8;  // E4h..E7h; ECh..EFh take DX
  if (form.mnemonic == Mnemonic::IN) return immediate ? heavy<&in<T, true>>() : heavy<&in<T, false>>();
  return immediate ? heavy<&out<T, true>>() : heavy<&out<T, false>>();
}

}  // namespace

Handlers select_port(const Form& form, Op&) {
  if ((form.opcode & 1) == 0) return port_of_form<u8>(form);
  return form.operand_bytes == 2 ? port_of_form<u16>(form) : port_of_form<u32>(form);
}

Handlers select_port_string(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::INSB: return heavy<&ins<u8>>();
    case Mnemonic::INSW: return heavy<&ins<u16>>();
    case Mnemonic::INSD: return heavy<&ins<u32>>();
    case Mnemonic::OUTSB: return heavy<&outs<u8>>();
    case Mnemonic::OUTSW: return heavy<&outs<u16>>();
    default: return heavy<&outs<u32>>();
  }
}

}  // namespace hvlab::execute
