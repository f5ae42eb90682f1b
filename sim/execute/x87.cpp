#include "sim/execute/x87.hpp"

namespace hvlab::execute::x87 {

void push_result(Cpu& cpu, const Float80& value, u16 host_status) {
  if (!empty(cpu, 7)) {
    if (overflow_masked(cpu)) push(cpu, kIndefinite);
    return;
  }
  if (finish(cpu, host_status, status::kInvalid)) push(cpu, value);
}

void record(Cpu& cpu, const Op& op) {
  cpu.x87.opcode = static_cast<u16>(op.imm);
  cpu.x87.instruction = cpu.rip;
  cpu.x87.instruction_segment = cpu.seg[arch::kCs].selector;
  if (op.mem == decode::kNoMemory) return;
  cpu.x87.data = effective_address(cpu, op);
  cpu.x87.data_segment = cpu.seg[op.segment].selector;
}

}  // namespace hvlab::execute::x87
