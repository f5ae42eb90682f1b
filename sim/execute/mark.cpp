// Marks: the NOPs with a meaning for whoever watches (docs/marks.md). They cost what any NOP costs.
#include "sim/arch/mark.hpp"

#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

constexpr u8 kEncoding = 0x80;  // ModRM: [RAX + disp32]
constexpr u8 kBytes = 7;        // opcode, ModRM, displacement, no prefix

/// What the ledger has to know (docs/virtualization.md), if who is entitled says it.
void note_roles(Cpu& cpu, arch::mark::Kind kind) {
  using arch::mark::Kind;
  if (cpu.cpl != 0 || cpu.guest != nullptr) return;
  if (kind == Kind::ControlBlock) {
    const bool management = cpu.gpr[arch::kRdx] == static_cast<u64>(arch::mark::Role::Management);
    cpu.vmm.set_management(cpu.gpr[arch::kRdi], management);
  } else if (kind == Kind::Hypervisor) {
    cpu.vmm.set_bare_hypervisor();
    cpu.refresh();
  }
}

Outcome report_mark(Cpu& cpu, const Op& op) {
  using observe::EventKind;
  const u64 kind = static_cast<u32>(op.disp) & arch::mark::kKindMask;
  const u64 in_guest = cpu.guest != nullptr ? 1 : 0;
  cpu.report(EventKind::Mark, kind | u64{cpu.cpl} << 16 | in_guest << 18, cpu.gpr[arch::kRdi]);
  cpu.report(EventKind::MarkDetail, cpu.gpr[arch::kRsi], cpu.gpr[arch::kRdx]);
  note_roles(cpu, static_cast<arch::mark::Kind>(kind));
  return Outcome::Next;
}

}  // namespace

Handlers select_mark(const Form& form, Op& op) {
  const u32 base = static_cast<u32>(op.disp) & ~arch::mark::kKindMask;
  if (form.modrm != kEncoding || op.length != kBytes || base != arch::mark::kBase) return {};
  return heavy<&report_mark>();
}

}  // namespace hvlab::execute
