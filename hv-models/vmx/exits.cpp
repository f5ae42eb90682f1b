// From Intel's exit reasons (SDM vol. 3, appendix C) to neutral exits.
#include "hv-models/vmx/control.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/vmx_exit.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using hypervisor::ExitKind;
using hypervisor::VirtualProcessor;
using interruption::Type;
using Neutral = hypervisor::Exit;

namespace {

struct Row {
  ExitReason reason;
  ExitKind kind;
};
constexpr Row kRows[] = {
    {ExitReason::ExternalInterrupt, ExitKind::Interrupt},
    {ExitReason::InitSignal, ExitKind::Interrupt},
    {ExitReason::InterruptWindow, ExitKind::Window},
    {ExitReason::TprBelowThreshold, ExitKind::Window},
    {ExitReason::Hlt, ExitKind::Halt},
    {ExitReason::Pause, ExitKind::Pause},
    {ExitReason::Cpuid, ExitKind::Cpuid},
    {ExitReason::Vmcall, ExitKind::Hypercall},
    {ExitReason::Rdmsr, ExitKind::ReadMsr},
    {ExitReason::Wrmsr, ExitKind::WriteMsr},
    {ExitReason::Invd, ExitKind::Nothing},
    {ExitReason::Wbinvd, ExitKind::Nothing},
    {ExitReason::Xsetbv, ExitKind::WriteXcr},
    {ExitReason::TripleFault, ExitKind::Shutdown},
    {ExitReason::Getsec, ExitKind::Forbidden},
    {ExitReason::Invept, ExitKind::Forbidden},
    {ExitReason::Invvpid, ExitKind::Forbidden},
    {ExitReason::Vmclear, ExitKind::Forbidden},
    {ExitReason::Vmlaunch, ExitKind::Forbidden},
    {ExitReason::Vmptrld, ExitKind::Forbidden},
    {ExitReason::Vmptrst, ExitKind::Forbidden},
    {ExitReason::Vmread, ExitKind::Forbidden},
    {ExitReason::Vmresume, ExitKind::Forbidden},
    {ExitReason::Vmwrite, ExitKind::Forbidden},
    {ExitReason::Vmxoff, ExitKind::Forbidden},
    {ExitReason::Vmxon, ExitKind::Forbidden},
    {ExitReason::Monitor, ExitKind::Forbidden},
    {ExitReason::Mwait, ExitKind::Forbidden},
    {ExitReason::Rdpmc, ExitKind::Forbidden},
};

// Table 28-5.
void describe_port(Neutral& exit) {
  const u64 q = exit.info1;
  exit.kind = ExitKind::Port;
  exit.bytes = static_cast<u8>((q & 7) + 1);
  exit.write = (q & bit(3)) == 0;
  exit.string = (q & bit(4)) != 0;
  exit.repeated = (q & bit(5)) != 0;
  exit.port = static_cast<u16>(q >> 16);
  if (!exit.string) return;
  // Table 28-10: address size 2, 4 or 8; the segment of OUTS.
  exit.address_bytes = static_cast<u8>(2u << (exit.info2 >> 7 & 7));
  if (exit.write) exit.segment = static_cast<u8>(exit.info2 >> 15 & 7);
  if (!exit.write) exit.segment = 0;  // INS: ES
}

// Table 28-3: what accesses the register: MOV to it, MOV from it, CLTS, LMSW. Without MOV it is decoded by
// whoever handles it.
void describe_control(Neutral& exit) {
  const u64 q = exit.info1;
  constexpr u64 kMovFrom = 1, kOther = 2;
  const u64 type = q >> 4 & 3;
  exit.kind = type == kMovFrom ? ExitKind::ReadControl : ExitKind::WriteControl;
  exit.control = static_cast<u8>(q & 15);
  exit.gpr = static_cast<u8>(q >> 8 & 15);
  exit.string = type >= kOther;
}

// Table 28-7, as the error code of a page fault.
void describe_violation(Neutral& exit) {
  const u64 q = exit.info1;
  exit.kind = ExitKind::Memory;
  exit.address = exit.info2;
  exit.write = (q & bit(1)) != 0;
  exit.error = (exit.write ? arch::pf::kWrite : 0) | ((q & bit(2)) != 0 ? arch::pf::kFetch : 0) |
               ((q & 0x38) != 0 ? arch::pf::kPresent : 0);
}

// An NMI is the host's. The exit leaves NMIs blocked (SDM vol. 3, 28.5), which the handler's IRET ends.
void describe_exception(Neutral& exit) {
  const u32 info = static_cast<u32>(read(Field::ExitInterruptionInfo));
  if (interruption::type_of(info) == Type::Nmi) {
    asm volatile("int $2");
    exit.kind = ExitKind::Interrupt;
  } else if ((info & 0xff) == static_cast<u32>(arch::Exception::PageFault)) {
    exit.kind = ExitKind::PageFault;
    exit.address = exit.info1;
    exit.error = static_cast<u32>(read(Field::ExitInterruptionErrorCode));
  }
}

}  // namespace

void describe_exit(VirtualProcessor& vcpu, Neutral& exit) {
  exit = {};
  exit.code = read(Field::ExitReason);
  exit.info1 = read(Field::ExitQualification);
  const auto reason = static_cast<ExitReason>(exit.code & 0xffff);
  const bool failed = (exit.code & kEntryFailure) != 0;
  for (const Row& row : kRows)
    if (row.reason == reason && !failed) exit.kind = row.kind;
  switch (reason) {
    case ExitReason::ExternalInterrupt:
    case ExitReason::InterruptWindow:
    case ExitReason::TprBelowThreshold: return;
    case ExitReason::ExceptionOrNmi: describe_exception(exit); break;
    case ExitReason::IoInstruction:
      exit.info2 = read(Field::ExitInstructionInfo);
      describe_port(exit);
      break;
    case ExitReason::CrAccess: describe_control(exit); break;
    case ExitReason::EptViolation:
      exit.info2 = read(Field::GuestPhysicalAddress);
      describe_violation(exit);
      break;
    case ExitReason::Invlpg:
      exit.kind = ExitKind::InvalidatePage;
      exit.address = exit.info1;
      break;
    default: break;
  }
  if (exit.kind == ExitKind::Interrupt || exit.kind == ExitKind::Shutdown) return;
  // Of instructions alone; of faults it is undefined (28.2.5).
  const bool fault =
      exit.kind == ExitKind::Memory || exit.kind == ExitKind::PageFault || exit.kind == ExitKind::Unknown;
  if (!fault) exit.length = static_cast<u8>(read(Field::ExitInstructionLength));
  const bool light = exit.kind == ExitKind::Halt || exit.kind == ExitKind::Pause ||
                     exit.kind == ExitKind::Cpuid || (exit.kind == ExitKind::Port && !exit.string);
  if (!light) read_rest(vcpu);
}

}  // namespace hvlab::vmx
