// Marks: the NOPs with a meaning for whoever watches (docs/marks.md). They cost what any NOP costs.
#include "sim/arch/mark.hpp"

#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

constexpr u8 kEncoding = 0x80;  // ModRM: [RAX + disp32]
constexpr u8 kBytes = 7;        // opcode, ModRM, displacement, no prefix

Outcome report_mark(Cpu& cpu, const Op& op) {
  using observe::EventKind;
  const u64 kind = static_cast<u32>(op.disp) & arch::mark::kKindMask;
  cpu.report(EventKind::Mark, kind | u64{cpu.cpl} << 16, cpu.gpr[arch::kRdi]);
  cpu.report(EventKind::MarkDetail, cpu.gpr[arch::kRsi], cpu.gpr[arch::kRdx]);
  return Outcome::Next;
}

}  // namespace

Handlers select_mark(const Form& form, Op& op) {
  const u32 base = static_cast<u32>(op.disp) & ~arch::mark::kKindMask;
  if (form.modrm != kEncoding || op.length != kBytes || base != arch::mark::kBase) return {};
  return heavy<&report_mark>();
}

}  // namespace hvlab::execute
