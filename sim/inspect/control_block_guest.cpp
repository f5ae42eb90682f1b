// A processor with the guest of a control block in its place.
#include <cstring>

#include "sim/arch/registers.hpp"
#include "sim/arch/vmx.hpp"
#include "sim/inspect/processor_document.hpp"
#include "sim/svm/world.hpp"

namespace hvlab::inspect {

using cpu::Cpu;

namespace {

void load_svm(Cpu& guest, const Cpu& cpu, const arch::svm::Vmcb& vmcb) {
  // In a guest, what is known of the host's paging mode is what its second stage is read in.
  const bool inside = cpu.second_stage.on;
  svm::load_world(guest, vmcb.save);
  svm::load_rest(guest, vmcb.save);
  guest.cr2 = vmcb.save.cr2;
  guest.second_stage = {};
  if ((vmcb.control.nested_control & arch::svm::kNestedPaging) == 0) return;
  guest.second_stage.on = true;
  guest.second_stage.root = vmcb.control.nested_root;
  guest.second_stage.cr4 = inside ? cpu.second_stage.cr4 : cpu.cr4;
  guest.second_stage.efer = inside ? cpu.second_stage.efer : cpu.efer;
}

using arch::vmx::Control;
using arch::vmx::Field;
using arch::vmx::Vmcs;

/// Field `n` of the rows that begin with that of ES (25.4.1): ES CS SS DS FS GS LDTR TR.
cpu::SegmentRegister vmx_segment(const Vmcs& vmcs, unsigned n) {
  return {.base = vmcs[Field::GuestEsBase + n],
          .limit = static_cast<u32>(vmcs[Field::GuestEsLimit + n]),
          .attributes = static_cast<u32>(vmcs[Field::GuestEsAccessRights + n]) & 0x1'F0FF,
          .selector = static_cast<u16>(vmcs[Field::GuestEsSelector + n])};
}

u64 vmx_efer(const Vmcs& vmcs, const arch::vmx::Controls& controls, u64 host) {
  if (controls.has(Control::EntryLoadEfer)) return vmcs[Field::GuestEfer];
  constexpr u64 kLong = arch::efer::kLme | arch::efer::kLma;  // what VM entry sets otherwise (27.3.2.1)
  return controls.has(Control::Ia32eModeGuest) ? host | kLong : host & ~kLong;
}

void load_vmx(Cpu& guest, const Vmcs& vmcs) {
  arch::vmx::Controls controls;
  controls.word[static_cast<size_t>(arch::vmx::Word::Primary)] =
      static_cast<u32>(vmcs[Field::PrimaryControls]);
  controls.word[static_cast<size_t>(arch::vmx::Word::Secondary)] =
      controls.has(Control::ActivateSecondaryControls) ? static_cast<u32>(vmcs[Field::SecondaryControls]) : 0;
  controls.word[static_cast<size_t>(arch::vmx::Word::Entry)] = static_cast<u32>(vmcs[Field::EntryControls]);
  for (unsigned n = 0; n < 6; ++n) guest.seg[n] = vmx_segment(vmcs, n);
  guest.ldtr = vmx_segment(vmcs, 6);
  guest.tr = vmx_segment(vmcs, 7);
  guest.gdtr = {vmcs[Field::GuestGdtrBase], static_cast<u16>(vmcs[Field::GuestGdtrLimit])};
  guest.idtr = {vmcs[Field::GuestIdtrBase], static_cast<u16>(vmcs[Field::GuestIdtrLimit])};
  guest.efer = vmx_efer(vmcs, controls, guest.efer);
  guest.cr0 = vmcs[Field::GuestCr0];
  guest.cr3 = vmcs[Field::GuestCr3];
  guest.cr4 = vmcs[Field::GuestCr4];
  guest.dr7 = vmcs[Field::GuestDr7];
  guest.set_rflags(vmcs[Field::GuestRflags]);
  guest.rip = vmcs[Field::GuestRip];
  guest.gpr[arch::kRsp] = vmcs[Field::GuestRsp];
  guest.sysenter_cs = static_cast<u32>(vmcs[Field::GuestSysenterCs]);
  guest.sysenter_esp = vmcs[Field::GuestSysenterEsp];
  guest.sysenter_eip = vmcs[Field::GuestSysenterEip];
  guest.cpl = guest.seg[arch::kSs].dpl();
  const cpu::EptFeatures features = guest.second_stage.ept_features;
  guest.second_stage = {};
  if (!controls.has(Control::EnableEpt)) return;
  const u64 pointer = vmcs[Field::Eptp];
  guest.second_stage.on = true;
  guest.second_stage.kind = cpu::SecondStageKind::Ept;
  guest.second_stage.root = bits(pointer, 51, 12) << 12;
  guest.second_stage.levels = static_cast<u8>(bits(pointer, 5, 3) + 1);
  guest.second_stage.accessed_dirty = test_bit(pointer, 6);
  guest.second_stage.ept_features = features;
  for (unsigned n = 0; n < 4; ++n) guest.pdpte[n] = vmcs[Field::GuestPdpte0 + n];
}

}  // namespace

Cpu guest_of(const Cpu& cpu, std::span<const u8> block) {
  Cpu guest = cpu;
  const bool vmx = block_kind(cpu) == BlockKind::Vmx;
  if (vmx)
    load_vmx(guest, *reinterpret_cast<const Vmcs*>(block.data()));
  else
    load_svm(guest, cpu, *reinterpret_cast<const arch::svm::Vmcb*>(block.data()));
  guest.guest = guest.virtualization;  // so that whoever names its addresses knows
  const bool protected_mode = (guest.cr0 & arch::cr0::kPe) != 0;
  const bool v8086 = guest.rflag(arch::flag::kVm);
  guest.mode = !protected_mode                                                   ? cpu::Mode::Real
               : v8086                                                           ? cpu::Mode::Virtual8086
               : !guest.long_active()                                            ? cpu::Mode::Protected
               : (guest.seg[arch::kCs].attributes & arch::attribute::kLong) != 0 ? cpu::Mode::Long
                                                                                 : cpu::Mode::Compatibility;
  const bool pae = (guest.cr4 & arch::cr4::kPae) != 0 && !guest.long_active() && !guest.second_stage.on;
  const u8* table = pae ? cpu.bus->ram_page(guest.cr3 & 0xFFFF'F000) : nullptr;
  if (table != nullptr) std::memcpy(guest.pdpte, table + (guest.cr3 & 0xFE0), sizeof guest.pdpte);
  return guest;
}

}  // namespace hvlab::inspect
