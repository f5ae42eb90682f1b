#include "hv-models/kernel/faults.hpp"

#include "hv-models/kernel/console.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"
#include "sim/arch/exceptions.hpp"

namespace hvlab::kernel {
namespace {

using arch::Exception;

struct Fault {
  Exception exception;
  int signal;  // in the status of the process that it ends, with Linux's numbers
  const char* name;
};

constexpr Fault kFaults[] = {
    {Exception::DivideError, 8, "divide error"},
    {Exception::Debug, 5, "debug"},
    {Exception::Breakpoint, 5, "breakpoint"},
    {Exception::Overflow, 11, "overflow"},
    {Exception::BoundRange, 11, "bound range"},
    {Exception::InvalidOpcode, 4, "invalid opcode"},
    {Exception::SegmentNotPresent, 7, "segment missing"},
    {Exception::StackFault, 7, "stack fault"},
    {Exception::GeneralProtection, 11, "general protection"},
    {Exception::PageFault, 11, "page fault"},
    {Exception::FloatingPoint, 8, "x87 error"},
    {Exception::AlignmentCheck, 7, "alignment check"},
    {Exception::SimdFloatingPoint, 8, "SIMD error"},
};

const Fault& fault_of(u64 vector) {
  for (const Fault& fault : kFaults) {
    if (static_cast<u64>(fault.exception) == vector) return fault;
  }
  runtime::panic("an exception that is not in the table");
}

void end_program(const runtime::TrapFrame& frame, u64 address) {
  const Fault& fault = fault_of(frame.vector);
  Process& process = *current_process();
  char line[160];
  const size_t length =
      runtime::format_text(line, sizeof line, "process %u (%s): %s at rip %lx, address %lx, error %lx\n",
                           own_id(process), process.name, fault.name, frame.rip, address, frame.error);
  write_console(line, length);  // whole, and others run meanwhile
  end_process(process, fault.signal);
}

void program_fault(runtime::TrapFrame& frame) {
  if (!frame.from_user()) runtime::panic_at(frame, "exception in the kernel");
  runtime::interrupts_on();
  end_program(frame, 0);
  runtime::interrupts_off();
}

// SDM vol. 3, 4.7
void page_fault(runtime::TrapFrame& frame) {
  const u64 address = runtime::read_cr2();  // before anything that could fault again
  if (!frame.from_user()) runtime::panic_at(frame, "page fault in the kernel");
  Access access = kRead;
  if ((frame.error & arch::pf::kWrite) != 0) access = kWrite;
  if ((frame.error & arch::pf::kFetch) != 0) access = kExecute;
  runtime::interrupts_on();
  if ((frame.error & arch::pf::kReserved) != 0 || !current_process()->space->fault(address, access)) {
    end_program(frame, address);
  }
  runtime::interrupts_off();
}

}  // namespace

void set_up_faults() {
  for (const Fault& fault : kFaults) runtime::set_handler(static_cast<u8>(fault.exception), program_fault);
  runtime::set_handler(static_cast<u8>(Exception::PageFault), page_fault);
}

}  // namespace hvlab::kernel
