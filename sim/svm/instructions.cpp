#include "sim/svm/instructions.hpp"

#include "sim/mmu/access.hpp"
#include "sim/svm/unit.hpp"
#include "sim/svm/world.hpp"

namespace hvlab::svm {

using arch::Exception;

namespace {

/// SVM is on, and the program is the operating system.
Outcome check_allowed(Cpu& cpu) {
  if ((cpu.efer & arch::efer::kSvme) == 0) return cpu::raise(cpu, Exception::InvalidOpcode);
  if (cpu.cpl != 0) return cpu::raise(cpu, Exception::GeneralProtection, 0);
  return Outcome::Next;
}

/// The physical address in rAX, whose size is the address size: page-aligned and within what the processor
/// has.
Outcome block_address(Cpu& cpu, const Op& op, u64& address) {
  address = cpu.gpr[arch::kRax] & low_mask(op.address_bytes * 8u);
  if ((address & 0xFFF) != 0 || (address >> cpu.identity.physical_address_bits) != 0)
    return cpu::raise(cpu, Exception::GeneralProtection, 0);
  return Outcome::Next;
}

Outcome check_block(Cpu& cpu, const Op& op, Intercept what, u64& address) {
  if (const Outcome o = check_allowed(cpu); o != Outcome::Next) return o;
  if (const Outcome o = block_address(cpu, op, address); o != Outcome::Next) return o;
  return cpu::ask(cpu, what);
}

Outcome set_gif(Cpu& cpu, bool value, Intercept what) {
  if (const Outcome o = check_allowed(cpu); o != Outcome::Next) return o;
  if (const Outcome o = cpu::ask(cpu, what); o != Outcome::Next) return o;
  if (!unit_of(cpu).set_virtual_gif(cpu, value)) cpu.gif = value;
  return Outcome::Exit;
}

}  // namespace

Outcome vmrun(Cpu& cpu, const Op& op) {
  u64 address = 0;
  if (const Outcome o = check_block(cpu, op, Intercept::Vmrun, address); o != Outcome::Next) return o;
  unit_of(cpu).run(cpu, address);
  return Outcome::World;
}

Outcome vmload(Cpu& cpu, const Op& op) {
  u64 address = 0;
  if (const Outcome o = check_block(cpu, op, Intercept::Vmload, address); o != Outcome::Next) return o;
  load_rest(cpu, block_at(unit_of(cpu), cpu, address).save);
  return Outcome::Exit;
}

Outcome vmsave(Cpu& cpu, const Op& op) {
  u64 address = 0;
  if (const Outcome o = check_block(cpu, op, Intercept::Vmsave, address); o != Outcome::Next) return o;
  save_rest(cpu, block_at(unit_of(cpu), cpu, address).save);
  block_written(cpu, address);
  return Outcome::Exit;
}

Outcome stgi(Cpu& cpu, const Op&) { return set_gif(cpu, true, Intercept::Stgi); }
Outcome clgi(Cpu& cpu, const Op&) { return set_gif(cpu, false, Intercept::Clgi); }

/// There is no secure loader to start: undefined unless a hypervisor wants to see it.
Outcome skinit(Cpu& cpu, const Op&) {
  if (const Outcome o = check_allowed(cpu); o != Outcome::Next) return o;
  if (const Outcome o = cpu::ask(cpu, Intercept::Skinit); o != Outcome::Next) return o;
  return cpu::raise(cpu, Exception::InvalidOpcode);
}

Outcome invlpga(Cpu& cpu, const Op& op) {
  if (const Outcome o = check_allowed(cpu); o != Outcome::Next) return o;
  const u64 linear = cpu.gpr[arch::kRax] & low_mask(op.address_bytes * 8u);
  if (const Outcome o = cpu::ask(cpu, Intercept::Invlpga, linear); o != Outcome::Next) return o;
  if (cpu::canonical(linear)) mmu::flush_asid_page(cpu, static_cast<u32>(cpu.gpr[arch::kRcx]), linear);
  return Outcome::Exit;
}

Outcome undefined_here(Cpu& cpu, const Op&) { return cpu::raise(cpu, Exception::InvalidOpcode); }

}  // namespace hvlab::svm
