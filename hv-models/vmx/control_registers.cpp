// Control registers of a guest with nested paging: they are its own but for the bits that VMX operation fixes
// (SDM vol. 3, 24.8, 26.3), and what only some exits need to know.
#include "hv-models/runtime/memory.hpp"
#include "hv-models/vmx/capabilities.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "hv-models/vmx/state.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using hypervisor::ExitKind;
using hypervisor::VirtualProcessor;
namespace cr0 = arch::cr0;
namespace cr4 = arch::cr4;
namespace efer = arch::efer;

namespace {

void protection(VirtualProcessor& vcpu) {
  inject_exception(vcpu, static_cast<u8>(arch::Exception::GeneralProtection), true, 0);
}

/// PAE paging: the four entries that CR3 points at (SDM vol. 3, 4.4.1).
bool load_pdptes(VirtualProcessor& vcpu) {
  const u64 table = vcpu.registers.cr3 & 0xffff'ffe0;
  const u64* entries = reinterpret_cast<const u64*>(vcpu.machine->memory.at(table, 4 * sizeof(u64)));
  if (entries == nullptr) return false;
  for (unsigned i = 0; i < 4; ++i) write(Field::GuestPdpte0 + i, entries[i]);
  return true;
}

/// What becomes of EFER.LMA (SDM vol. 3, 9.8.5). False: not allowed.
bool switch_paging(VirtualProcessor& vcpu, bool on) {
  Block& b = block(vcpu);
  const hypervisor::Registers& r = vcpu.registers;
  const u64 mode = bit_of(Control::Ia32eModeGuest);
  u64 value = r.efer;
  if (on && (r.efer & efer::kLme) != 0) {
    if ((r.cr4 & cr4::kPae) == 0 || r.long_code) return false;
    value |= efer::kLma;
  } else if (on) {
    if ((r.cr4 & cr4::kPae) != 0 && !load_pdptes(vcpu)) return false;
  } else {
    if (r.long_code || (r.cr4 & cr4::kPcide) != 0) return false;
    value &= ~efer::kLma;
  }
  b.efer = vcpu.registers.efer = value;
  changed(b, Change::Efer) = true;
  b.entry_controls = read(Field::EntryControls) & ~mode;
  return true;
}

bool write_cr0(VirtualProcessor& vcpu, u64 value) {
  Block& b = block(vcpu);
  const u64 old = vcpu.registers.cr0;
  if ((value >> 32) != 0) return false;
  value |= cr0::kEt;
  if ((value & cr0::kPg) != 0 && (value & cr0::kPe) == 0) return false;
  if ((value & cr0::kNw) != 0 && (value & cr0::kCd) == 0) return false;
  if (((value ^ old) & cr0::kPg) != 0 && !switch_paging(vcpu, (value & cr0::kPg) != 0)) return false;
  b.cr0 = vcpu.registers.cr0 = value;
  write(Field::GuestCr0, value | (capabilities().cr0_fixed0 & ~(cr0::kPe | cr0::kPg)));
  write(Field::Cr0Shadow, value);
  if (((value ^ old) & (cr0::kPg | cr0::kPe | cr0::kWp)) != 0) hypervisor::mark_stale(vcpu);
  return true;
}

}  // namespace

void read_rest(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  hypervisor::Registers& r = vcpu.registers;
  r.cpl = static_cast<u8>(read(Field::GuestSsAccessRights) >> 5 & 3);
  for (unsigned i = 0; i < 6; ++i) r.segment_base[i] = read(Field::GuestEsBase + i);
  if (vcpu.shadow != nullptr) return;  // else they are the guest's alone
  const u64 own = cr0::kNe;
  r.cr0 = (read(Field::GuestCr0) & ~own) | (read(Field::Cr0Shadow) & own);
  r.cr3 = read(Field::GuestCr3);
  r.cr4 = read(Field::GuestCr4) & ~capabilities().cr4_fixed0;
  r.efer = can(Control::ExitSaveEfer) ? read(Field::GuestEfer) : b.efer;
  b.cr0 = r.cr0, b.cr3 = r.cr3, b.cr4 = r.cr4, b.efer = r.efer;
}

void handle_control(VirtualProcessor& vcpu, hypervisor::Exit& exit) {
  if (exit.kind != ExitKind::WriteControl || exit.string) return;
  const u64 value = vcpu.registers.gpr[exit.gpr];
  // CR4: it would have set VMXE, which is not its own.
  const bool done = exit.control == 0 && write_cr0(vcpu, value);
  if (!done) protection(vcpu);
  exit.kind = ExitKind::Nothing;
  if (!done) exit.length = 0;
}

}  // namespace hvlab::vmx
