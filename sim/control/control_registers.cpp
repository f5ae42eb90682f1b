#include "sim/control/control_registers.hpp"

#include "sim/control/stack.hpp"
#include "sim/cpu/cpuid.hpp"
#include "sim/cpu/domains.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::control {

using arch::Feature;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

constexpr Exception kGp = Exception::GeneralProtection;

Outcome protection(Cpu& cpu) { return raise(cpu, kGp, 0); }

/// What the hypervisor of a guest says to a write: with State::exits_first of the `operand`, before it is
/// looked at; else of the `value` that has passed its checks.
Outcome ask_before_checks(Cpu& cpu, unsigned number, u64 operand) {
  if (cpu.guest == nullptr || !cpu.exits_first) return Outcome::Next;
  return cpu.guest->control_write(cpu, number, operand);
}
Outcome ask_after_checks(Cpu& cpu, unsigned number, u64 value) {
  if (cpu.guest == nullptr || cpu.exits_first) return Outcome::Next;
  return cpu.guest->control_write(cpu, number, value);
}

/// In VMX operation bits of CR0 are fixed (SDM vol. 3, 24.8), PE and PG not in an unrestricted guest.
bool breaks_fixed_cr0(const Cpu& cpu, u64 value) {
  if (!cpu.vmx_operation) return false;
  const u64 fixed0 = cpu.unrestricted ? cpu.vmx.cr0_fixed0 & ~(cr0::kPe | cr0::kPg) : cpu.vmx.cr0_fixed0;
  return (value & fixed0) != fixed0 || (value & ~cpu.vmx.cr0_fixed1) != 0;
}
bool breaks_fixed_cr4(const Cpu& cpu, u64 value) {
  if (!cpu.vmx_operation) return false;
  return (value & cpu.vmx.cr4_fixed0) != cpu.vmx.cr4_fixed0 || (value & ~cpu.vmx.cr4_fixed1) != 0;
}

bool pae_paging(u64 cr0_value, u64 cr4_value, u64 efer_value) {
  return (cr0_value & cr0::kPg) != 0 && (cr4_value & cr4::kPae) != 0 && (efer_value & efer::kLma) == 0;
}

/// Runs `change` and reads the PDPTEs under the new rules; on a fault in them the old registers come back.
template <class Change>
Outcome with_pdptes(Cpu& cpu, Change change) {
  const u64 old_cr0 = cpu.cr0, old_cr4 = cpu.cr4, old_efer = cpu.efer;
  change();
  if (pae_paging(cpu.cr0, cpu.cr4, cpu.efer)) {
    if (const Outcome o = mmu::load_pdptes(cpu, cpu.cr3); !ok(o)) {
      cpu.cr0 = old_cr0, cpu.cr4 = old_cr4, cpu.efer = old_efer;
      return o;
    }
  }
  return Outcome::Next;
}

/// Whether paging may go from off to on or back, and what becomes of EFER.LMA (SDM vol. 3, 9.8.5).
bool paging_switch_allowed(const Cpu& cpu, u64 value, u64& new_efer) {
  const bool on = (value & cr0::kPg) != 0, was = (cpu.cr0 & cr0::kPg) != 0;
  new_efer = cpu.efer;
  if (on && !was && (cpu.efer & efer::kLme) != 0) {
    const bool code64 = (cpu.seg[arch::kCs].attributes & arch::attribute::kLong) != 0;
    if ((cpu.cr4 & cr4::kPae) == 0 || code64) return false;
    // Intel's processors also want a 32-bit TSS in TR; AMD's do not look (APM vol. 3, MOV CRn).
    if (cpu::vendor(cpu) == cpu::Vendor::Intel && !wide_tss(cpu.tr)) return false;
    new_efer |= efer::kLma;
  }
  if (!on && was) {
    if (cpu.code64() || (cpu.cr4 & cr4::kPcide) != 0) return false;
    new_efer &= ~efer::kLma;
  }
  return true;
}

Outcome write_cr3(Cpu& cpu, u64 value) {
  if (const Outcome o = ask_before_checks(cpu, 3, value); !ok(o)) return o;
  const bool pcids = (cpu.cr4 & cr4::kPcide) != 0;
  const bool keep = pcids && test_bit(value, 63);
  if (cpu.long_active()) {
    if (keep) value &= ~bit(63);
    if ((value >> cpu.identity.physical_address_bits) != 0) return protection(cpu);
  } else {
    value = static_cast<u32>(value);
  }
  // Before the table that the register points at is looked at.
  if (const Outcome o = ask_after_checks(cpu, 3, value); !ok(o)) return o;
  if (pae_paging(cpu.cr0, cpu.cr4, cpu.efer)) {
    if (const Outcome o = mmu::load_pdptes(cpu, value); !ok(o)) return o;
  }
  if (cpu.guest == nullptr) cpu.hypervisor = cpu.hypervisor && cpu.cr3 == value;
  const bool of_domain = cpu.guest == nullptr && cpu::changes_within_domain(cpu, value);
  cpu.cr3 = value;
  mmu::select_address_space(cpu);
  if (!keep) mmu::flush_address_space(cpu);
  if (!of_domain) cpu.report(observe::EventKind::AddressSpace, value);
  return Outcome::Next;
}

Outcome write_cr4(Cpu& cpu, u64 value) {
  if (const Outcome o = ask_before_checks(cpu, 4, value); !ok(o)) return o;
  value = (value & ~cpu.cr4_mask) | (cpu.cr4 & cpu.cr4_mask);
  const u64 old = cpu.cr4, changed = old ^ value;
  if ((value & ~cr4_supported(cpu)) != 0 || breaks_fixed_cr4(cpu, value)) return protection(cpu);
  if (cpu.long_active() && (value & cr4::kPae) == 0) return protection(cpu);
  if ((changed & value & cr4::kPcide) != 0 && (!cpu.long_active() || (cpu.cr3 & 0xFFF) != 0))
    return protection(cpu);
  if (const Outcome o = ask_after_checks(cpu, 4, value); !ok(o)) return o;
  constexpr u64 kReload = cr4::kPse | cr4::kPae | cr4::kPge | cr4::kSmep;
  if ((changed & kReload) != 0) {
    if (const Outcome o = with_pdptes(cpu, [&] { cpu.cr4 = value; }); !ok(o)) return o;
  }
  cpu.cr4 = value;
  constexpr u64 kFlushing = kReload | cr4::kPcide | cr4::kSmap;
  if ((changed & kFlushing) != 0) {
    mmu::flush_all(cpu);
    mmu::select_address_space(cpu);
  }
  cpu.refresh();
  return Outcome::Next;
}

Outcome write_cr8(Cpu& cpu, u64 value) {
  if (const Outcome o = ask_before_checks(cpu, 8, value); !ok(o)) return o;
  if (value > 15) return protection(cpu);
  if (const Outcome o = ask_after_checks(cpu, 8, value); !ok(o)) return o;
  if (cpu.guest != nullptr && cpu.guest->write_task_priority(cpu, value)) return Outcome::Next;
  if (cpu.apic != nullptr) cpu.apic->set_task_priority(value);
  return Outcome::Next;
}

/// CR0 becomes `value`, whose masked bits are the old ones.
Outcome load_cr0(Cpu& cpu, u64 value) {
  constexpr u64 kDefined = cr0::kPe | cr0::kMp | cr0::kEm | cr0::kTs | cr0::kNe | cr0::kWp | cr0::kAm |
                           cr0::kNw | cr0::kCd | cr0::kPg;
  if ((value >> 32) != 0) return protection(cpu);
  value = (value & kDefined) | cr0::kEt;
  if ((value & cr0::kPg) != 0 && (value & cr0::kPe) == 0) return protection(cpu);
  if ((value & cr0::kNw) != 0 && (value & cr0::kCd) == 0) return protection(cpu);
  u64 new_efer = 0;
  if (breaks_fixed_cr0(cpu, value) || !paging_switch_allowed(cpu, value, new_efer)) return protection(cpu);
  if (const Outcome o = ask_after_checks(cpu, 0, value); !ok(o)) return o;
  const u64 changed = cpu.cr0 ^ value;
  const auto change = [&] { cpu.cr0 = value, cpu.efer = new_efer; };
  if ((changed & (cr0::kPg | cr0::kCd | cr0::kNw)) != 0) {
    if (const Outcome o = with_pdptes(cpu, change); !ok(o)) return o;
  } else {
    change();
  }
  if ((changed & (cr0::kPg | cr0::kPe | cr0::kWp)) != 0) {
    mmu::flush_all(cpu);
    mmu::select_address_space(cpu);
  }
  cpu.refresh();
  return Outcome::Next;
}

Outcome write_cr0(Cpu& cpu, u64 value) {
  if (const Outcome o = ask_before_checks(cpu, 0, value); !ok(o)) return o;
  return load_cr0(cpu, (value & ~cpu.cr0_mask) | (cpu.cr0 & cpu.cr0_mask));
}

}  // namespace

u64 cr4_supported(const Cpu& cpu) {
  const auto with = [&](Feature f, u64 bits_of) { return cpu.has(f) ? bits_of : 0; };
  return with(Feature::Vme, cr4::kVme | cr4::kPvi) | with(Feature::Tsc, cr4::kTsd) |
         with(Feature::De, cr4::kDe) | with(Feature::Pse, cr4::kPse) | with(Feature::Pae, cr4::kPae) |
         with(Feature::Mce, cr4::kMce) | with(Feature::Pge, cr4::kPge) | cr4::kPce |
         with(Feature::Fxsr, cr4::kOsfxsr) | with(Feature::Sse, cr4::kOsxmmexcpt) |
         with(Feature::Fsgsbase, cr4::kFsgsbase) | with(Feature::Pcid, cr4::kPcide) |
         with(Feature::Xsave, cr4::kOsxsave) | with(Feature::Smep, cr4::kSmep) |
         with(Feature::Smap, cr4::kSmap) | with(Feature::Vmx, cr4::kVmxe);
}

Outcome write_machine_status(Cpu& cpu, u16 word) {
  if (const Outcome o = ask_before_checks(cpu, 0, word); !ok(o)) return o;
  const u64 low = (word | (cpu.cr0 & cr0::kPe)) & 0xF;  // PE can be set but not cleared
  const u64 changed = 0xF & ~cpu.cr0_mask;
  return load_cr0(cpu, (cpu.cr0 & ~changed) | (low & changed));
}

Outcome clear_task_switched(Cpu& cpu) {
  if (cpu.guest != nullptr) {
    if (const Outcome o = cpu.guest->control_write(cpu, 0, cpu.cr0 & ~cr0::kTs); !ok(o)) return o;
  }
  cpu.cr0 &= ~(cr0::kTs & ~cpu.cr0_mask);
  cpu.refresh();
  return Outcome::Next;
}

bool write_efer(Cpu& cpu, u64 value) {
  const auto with = [&](Feature f, u64 bits_of) { return cpu.has(f) ? bits_of : 0; };
  const u64 supported = with(Feature::Syscall, efer::kSce) | with(Feature::Lm, efer::kLme) |
                        with(Feature::Nx, efer::kNxe) |
                        ((cpu.vm_cr & arch::vm_cr::kSvmDisable) == 0 ? with(Feature::Svm, efer::kSvme) : 0);
  if ((value & ~(supported | efer::kLma)) != 0) return false;
  const u64 changed = (cpu.efer ^ value) & supported;
  if ((changed & efer::kLme) != 0 && (cpu.cr0 & cr0::kPg) != 0) return false;
  cpu.efer ^= changed;
  if ((changed & efer::kNxe) != 0) {
    mmu::flush_all(cpu);
    mmu::select_address_space(cpu);
  }
  cpu.refresh();
  return true;
}

Outcome write_control_register(Cpu& cpu, unsigned number, u64 value) {
  switch (number) {
    case 0: return write_cr0(cpu, value);
    case 2:
      if (cpu.guest != nullptr) {
        if (const Outcome o = cpu.guest->control_write(cpu, 2, value); !ok(o)) return o;
      }
      cpu.cr2 = value;
      return Outcome::Next;
    case 3: return write_cr3(cpu, value);
    case 4: return write_cr4(cpu, value);
    case 8: return write_cr8(cpu, value);
    default: return raise(cpu, Exception::InvalidOpcode);
  }
}

mmu::Loaded<u64> read_control_register(Cpu& cpu, unsigned number) {
  const bool exists = number == 0 || (number >= 2 && number <= 4) || number == 8;
  if (cpu.guest != nullptr && exists) {
    if (const Outcome o = cpu.guest->control_read(cpu, number); !ok(o)) return {0, o};
    u64 priority = 0;
    if (number == 8 && cpu.guest->read_task_priority(cpu, priority)) return {priority};
  }
  switch (number) {
    case 0: return {cpu.visible_cr0()};
    case 2: return {cpu.cr2};
    case 3: return {cpu.cr3};
    case 4: return {cpu.visible_cr4()};
    case 8: return {cpu.apic != nullptr ? cpu.apic->task_priority() : 0};
    default: return {0, raise(cpu, Exception::InvalidOpcode)};
  }
}

}  // namespace hvlab::control
