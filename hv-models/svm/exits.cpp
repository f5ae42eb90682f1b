// From AMD's exit codes (APM vol. 2, appendix C) to neutral exits.
#include "hv-models/svm/control.hpp"
#include "sim/arch/exceptions.hpp"

namespace hvlab::svm {

using namespace arch::svm;
using hypervisor::ExitKind;
using hypervisor::VirtualProcessor;
using Neutral = hypervisor::Exit;

namespace {

struct Row {
  Exit code;
  ExitKind kind;
  u8 length;  // of the instruction without prefixes, where the processor does not say it
};
constexpr Row kRows[] = {
    {Exit::Intr, ExitKind::Interrupt, 0},
    {Exit::Nmi, ExitKind::Interrupt, 0},
    {Exit::Smi, ExitKind::Interrupt, 0},
    {Exit::Init, ExitKind::Interrupt, 0},
    {Exit::VirtualInterrupt, ExitKind::Window, 0},
    {Exit::Hlt, ExitKind::Halt, 1},
    {Exit::Pause, ExitKind::Pause, 2},
    {Exit::Cpuid, ExitKind::Cpuid, 2},
    {Exit::Vmmcall, ExitKind::Hypercall, 3},
    {Exit::Invd, ExitKind::Nothing, 2},
    {Exit::Wbinvd, ExitKind::Nothing, 2},
    {Exit::Xsetbv, ExitKind::WriteXcr, 3},
    {Exit::Shutdown, ExitKind::Shutdown, 0},
    {Exit::Invlpga, ExitKind::Forbidden, 0},
    {Exit::Vmrun, ExitKind::Forbidden, 0},
    {Exit::Vmload, ExitKind::Forbidden, 0},
    {Exit::Vmsave, ExitKind::Forbidden, 0},
    {Exit::Stgi, ExitKind::Forbidden, 0},
    {Exit::Clgi, ExitKind::Forbidden, 0},
    {Exit::Skinit, ExitKind::Forbidden, 0},
    {Exit::Monitor, ExitKind::Forbidden, 0},
    {Exit::Mwait, ExitKind::Forbidden, 0},
    {Exit::MwaitConditional, ExitKind::Forbidden, 0},
    {Exit::Rdpmc, ExitKind::Forbidden, 0},
};

constexpr u64 code_of(Exit exit) { return static_cast<u64>(exit); }

// Where the processor says where the next instruction is (NRIP, 15.7.1), that is the length.
u8 length_of(const VirtualProcessor& vcpu, u8 otherwise) {
  const u64 next = block(vcpu).control.next_rip, rip = vcpu.registers.rip;
  return next > rip && next - rip <= 15 ? static_cast<u8>(next - rip) : otherwise;
}

void describe_port(const VirtualProcessor& vcpu, Neutral& exit) {
  const u64 info = exit.info1;
  exit.kind = ExitKind::Port;
  exit.write = (info & ioio::kInput) == 0;
  exit.string = (info & ioio::kString) != 0;
  exit.repeated = (info & ioio::kRepeated) != 0;
  exit.bytes = static_cast<u8>(info >> ioio::kSizeShift & 7);
  exit.address_bytes = static_cast<u8>((info >> ioio::kAddressShift & 7) * 2);
  exit.segment = static_cast<u8>(info >> ioio::kSegmentShift & 7);
  exit.port = static_cast<u16>(info >> ioio::kPortShift);
  // EXITINFO2 is the RIP of the next instruction (15.10.2).
  exit.length = static_cast<u8>(exit.info2 - vcpu.registers.rip);
}

void describe_control(Neutral& exit, bool write) {
  const u64 base = write ? kWriteCr : kReadCr;
  exit.kind = write ? ExitKind::WriteControl : ExitKind::ReadControl;
  exit.control = static_cast<u8>(exit.code - base);
  exit.gpr = static_cast<u8>(exit.info1 & 15);
  // Without MOV's mark it was LMSW, CLTS or SMSW (15.8.1): decoded by whoever handles it.
  exit.string = (exit.info1 & kMovCr) == 0;
}

}  // namespace

void describe_exit(VirtualProcessor& vcpu, Neutral& exit) {
  const ControlArea& control = block(vcpu).control;
  exit = {};
  exit.code = control.exit_code;
  exit.info1 = control.exit_info1;
  exit.info2 = control.exit_info2;
  exit.length = length_of(vcpu, 0);
  if (exit.code == code_of(Exit::IoIo)) return describe_port(vcpu, exit);
  if (exit.code == code_of(Exit::Msr)) {
    exit.kind = exit.info1 != 0 ? ExitKind::WriteMsr : ExitKind::ReadMsr;
    exit.length = length_of(vcpu, 2);
  } else if (exit.code == code_of(Exit::NestedPageFault)) {
    exit.kind = ExitKind::Memory;
    exit.address = exit.info2;
    exit.error = static_cast<u32>(exit.info1);
    exit.write = (exit.error & arch::pf::kWrite) != 0;
  } else if (exit.code == kException + static_cast<u64>(arch::Exception::PageFault)) {
    exit.kind = ExitKind::PageFault;
    exit.address = exit.info2;
    exit.error = static_cast<u32>(exit.info1);
  } else if (exit.code < kReadCr + 16) {
    describe_control(exit, false);
  } else if (exit.code < kWriteCr + 16) {
    describe_control(exit, true);
  } else if (exit.code == code_of(Exit::Invlpg)) {
    exit.kind = ExitKind::InvalidatePage;
    exit.address = exit.info1;
  } else {
    for (const Row& row : kRows) {
      if (code_of(row.code) != exit.code) continue;
      exit.kind = row.kind;
      exit.length = length_of(vcpu, row.length);
    }
  }
}

}  // namespace hvlab::svm
