// From the control block's words to neutral ones (APM vol. 2, 15.5 to 15.14, appendix C).
#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/svm/guest_processor.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::svm {
namespace {

using hypervisor::ExitKind;
using namespace arch::svm;
using Code = arch::svm::Exit;

struct Row {
  Code code;
  ExitKind kind;
};
constexpr Row kRows[] = {
    {Code::Intr, ExitKind::Interrupt},
    {Code::Nmi, ExitKind::Interrupt},
    {Code::VirtualInterrupt, ExitKind::Window},
    {Code::IoIo, ExitKind::Port},
    {Code::NestedPageFault, ExitKind::Memory},
    {Code::Cpuid, ExitKind::Cpuid},
    {Code::Msr, ExitKind::ReadMsr},
    {Code::Hlt, ExitKind::Halt},
    {Code::Vmmcall, ExitKind::Hypercall},
    {Code::Pause, ExitKind::Pause},
    {Code::Invlpg, ExitKind::InvalidatePage},
    {Code::Shutdown, ExitKind::Shutdown},
    {Code::Invalid, ExitKind::Invalid},
    {Code::Rdpmc, ExitKind::Forbidden},
    {Code::Invd, ExitKind::Forbidden},
    {Code::Invlpga, ExitKind::Forbidden},
    {Code::Vmrun, ExitKind::Forbidden},
    {Code::Vmload, ExitKind::Forbidden},
    {Code::Vmsave, ExitKind::Forbidden},
    {Code::Stgi, ExitKind::Forbidden},
    {Code::Clgi, ExitKind::Forbidden},
    {Code::Skinit, ExitKind::Forbidden},
    {Code::Monitor, ExitKind::Forbidden},
    {Code::Mwait, ExitKind::Forbidden},
    {Code::MwaitConditional, ExitKind::Forbidden},
    {Code::Xsetbv, ExitKind::Forbidden},
};

ExitKind kind_of(u64 code) {
  for (const Row& row : kRows) {
    if (static_cast<u64>(row.code) == code) return row.kind;
  }
  if (code < kWriteCr) return ExitKind::ReadCr;
  if (code < kReadDr) return code == kWriteCr + 3 ? ExitKind::WriteCr3 : ExitKind::WriteCr;
  if (code == kException + static_cast<unsigned>(arch::Exception::PageFault)) return ExitKind::PageFault;
  return ExitKind::Unknown;
}

void understand_port(u64 info, hypervisor::Exit& exit) {
  exit.port = static_cast<u16>(info >> ioio::kPortShift);
  exit.bytes = static_cast<u8>(info >> ioio::kSizeShift & 7);
  exit.address_bytes = static_cast<u8>((info >> ioio::kAddressShift & 7) * 2);
  exit.segment = static_cast<u8>(info >> ioio::kSegmentShift & 7);
  exit.input = (info & ioio::kInput) != 0;
  exit.string = (info & ioio::kString) != 0;
  exit.repeated = (info & ioio::kRepeated) != 0;
}

void understand_fault(const ControlArea& control, hypervisor::Exit& exit) {
  exit.error = control.exit_info1 & 0xffff'ffff;
  exit.address = control.exit_info2;
  exit.write = (exit.error & arch::pf::kWrite) != 0;
  exit.fetch = (exit.error & arch::pf::kFetch) != 0;
  exit.tables = (control.exit_info1 & npf::kTables) != 0;
  exit.fetched = control.fetched < sizeof exit.instruction ? control.fetched : sizeof exit.instruction;
  memcpy(exit.instruction, control.instruction, exit.fetched);
}

}  // namespace

hypervisor::Exit GuestProcessor::understand() const {
  const ControlArea& control = block_->control;
  hypervisor::Exit exit;
  exit.reason = control.exit_code;
  exit.kind = kind_of(control.exit_code);
  exit.next_rip = control.next_rip;
  switch (exit.kind) {
    case ExitKind::Port:
      understand_port(control.exit_info1, exit);
      exit.next_rip = control.exit_info2;
      break;
    case ExitKind::ReadMsr:
      if (control.exit_info1 != 0) exit.kind = ExitKind::WriteMsr;
      break;
    case ExitKind::Memory:
    case ExitKind::PageFault: understand_fault(control, exit); break;
    case ExitKind::InvalidatePage: exit.address = control.exit_info1; break;
    case ExitKind::ReadCr:
    case ExitKind::WriteCr:
    case ExitKind::WriteCr3:
      exit.control = static_cast<u8>(control.exit_code & 0xf);
      exit.general = static_cast<u8>(control.exit_info1 & 0xf);
      break;
    default: break;
  }
  return exit;
}

}  // namespace hvlab::svm
