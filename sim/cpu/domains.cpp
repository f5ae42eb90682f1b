#include "sim/cpu/domains.hpp"

#include "sim/arch/mark.hpp"
#include "sim/arch/xen.hpp"

namespace hvlab::cpu {

namespace xen = arch::xen;
using observe::DomainVcpu;
using observe::EventKind;

namespace {

constexpr u64 kTable = 0x000F'FFFF'FFFF'F000;  // CR3 and table entries, bits 51:12 (APM vol. 2, 5.3.1)

/// The table that an entry of the top-level table of `cr3` points at; 0: none, or no memory.
u64 slot(const Cpu& cpu, u64 cr3, unsigned number) {
  const u8* page = cpu.bus->ram_page(cr3 & kTable);
  if (page == nullptr) return 0;
  u64 entry = 0;
  std::memcpy(&entry, page + 8 * number, sizeof entry);
  return (entry & 1) != 0 ? entry & kTable : 0;
}

/// What a hypervisor of its own free will says by a mark (docs/marks.md).
void tell(const Cpu& cpu, arch::mark::Kind kind, u64 first, u64 second, arch::mark::Role role) {
  cpu.report(EventKind::Mark, static_cast<u64>(kind), first);
  cpu.report(EventKind::MarkDetail, second, static_cast<u64>(role));
}

void found(Cpu& cpu) {
  cpu.vmm.set_xen();
  tell(cpu, arch::mark::Kind::Hypervisor, 0, 0, arch::mark::Role::Guest);
}

/// In 64-bit mode kernel and user of a guest are in ring 3 both, each with tables of its own, and only the
/// kernel's have the upper half. A 32-bit guest's kernel is in ring 1.
bool user_mode(const Cpu& cpu) { return cpu.cpl == 3 && (cpu.rip >> 63) == 0; }

void set_user(Cpu& cpu, DomainVcpu& vcpu, bool user) {
  if (vcpu.user == user) return;
  vcpu.user = user;
  cpu.report(EventKind::RingChange, user ? 0 : 3, user ? 3 : 0);
}

void enter(Cpu& cpu, DomainVcpu& vcpu) {
  constexpr unsigned kDom0 = 1;  // machines are counted from 1, and it ran first
  if (vcpu.management && !vcpu.named)
    tell(cpu, arch::mark::Kind::ControlBlock, vcpu.block, arch::mark::vcpu_id(kDom0, vcpu.number),
         arch::mark::Role::Management);
  vcpu.named = true;
  cpu.domain = &vcpu;
  cpu.domain_entered = cpu.cycles();
  cpu.report(EventKind::VmEntry, vcpu.block, vcpu.domain);
  set_user(cpu, vcpu, user_mode(cpu));
  if (vcpu.space == cpu.cr3) return;
  vcpu.space = cpu.cr3;
  cpu.report(EventKind::AddressSpace, cpu.cr3);
}

struct Exit {
  u64 code = 0, info1 = 0, info2 = 0;
};

Exit call_exit(const Cpu& cpu, bool user) {
  const u64 number = cpu.gpr[arch::kRax];
  if (user) return {xen::exit_code(xen::Exit::SystemCall), number};
  const u64 what = cpu.gpr[arch::kRdi];
  auto exit = xen::Exit::Hypercall;
  if (number == xen::kSchedOp) {
    if (what == static_cast<u64>(xen::Sched::Yield)) exit = xen::Exit::Yield;
    if (what == static_cast<u64>(xen::Sched::Block) || what == static_cast<u64>(xen::Sched::Poll))
      exit = xen::Exit::Block;
  }
  return {xen::exit_code(exit), number};
}

Exit exit_of(const Cpu& cpu, bool user) {
  if (!cpu.is_delivering) return call_exit(cpu, user);
  const Delivery& event = cpu.delivering;
  switch (event.source) {
    case Source::Interrupt: return {xen::exit_code(xen::Exit::Interrupt), event.vector};
    case Source::Nmi: return {xen::exit_code(xen::Exit::Nmi)};
    case Source::SoftwareInterrupt:
      if (event.vector == xen::kHypercallVector && !user) return call_exit(cpu, user);
      return {xen::exit_code(xen::Exit::SoftwareInterrupt), event.vector};
    default: return {xen::exit_code(event.vector), event.error, event.address};
  }
}

/// Reported at the guest's instruction.
void leave(Cpu& cpu) {
  const Exit exit = exit_of(cpu, cpu.domain->user);
  const u64 handler = cpu.rip;
  cpu.rip = cpu.code_left;
  cpu.report(EventKind::VmExit, exit.code, exit.info1);
  cpu.report(EventKind::VmExitDetail, exit.info2, cpu.cycles() - cpu.domain_entered);
  cpu.rip = handler;
  cpu.domain = nullptr;
}

}  // namespace

bool changes_within_domain(Cpu& cpu, u64 value) {
  if (!xen::in_text(cpu.rip) || cpu.cpl != 0 || !cpu.long_active()) return false;
  if (cpu.vmm.domains() == nullptr) {
    if (slot(cpu, value, xen::kLinearSlot) == (value & kTable)) found(cpu);
    return false;
  }
  const u64 domain = slot(cpu, value, xen::kDomainSlot);
  return domain != 0 && domain == slot(cpu, cpu.cr3, xen::kDomainSlot);
}

bool cross_domains(Cpu& cpu) {
  if (cpu.domain != nullptr) {
    if (cpu.cpl == 0) {
      leave(cpu);
    } else {
      set_user(cpu, *cpu.domain, user_mode(cpu));
    }
  } else {
    if (cpu.cpl == 0 || cpu.reported_cpl != 0) return false;
    const auto number = xen::vcpu_of_gdt(cpu.gdtr.base);
    const u64 domain = slot(cpu, cpu.cr3, xen::kDomainSlot);
    if (!number || domain == 0) return false;
    DomainVcpu* vcpu = cpu.vmm.domains()->vcpu(domain, *number);
    if (vcpu == nullptr) return false;
    enter(cpu, *vcpu);
  }
  cpu.reported_cpl = cpu.cpl;
  return true;
}

observe::Account account_of_domain(const DomainVcpu& vcpu) {
  using observe::Account;
  if (vcpu.management) return vcpu.user ? Account::ManagementVmUser : Account::ManagementVmKernel;
  return vcpu.user ? Account::GuestUser : Account::GuestKernel;
}

}  // namespace hvlab::cpu
