#include "sim/svm/unit.hpp"

#include "sim/control/control_block.hpp"

namespace hvlab::svm {

using namespace arch::svm;
namespace vi = arch::svm::virtual_interrupt;

Vmcb& block_at(Unit& unit, Cpu& cpu, u64 address) {
  return control::control_block(cpu, address, unit.nowhere_);
}

void block_written(Cpu& cpu, u64 address) { control::control_block_written(cpu, address, sizeof(Vmcb)); }

/// A virtual interrupt waits if it is pending above the guest's priority, and the virtual GIF lets it (APM
/// vol. 2, 15.21.4).
void Unit::update_virtual_interrupt(Cpu& cpu) {
  const u64 word = guest_.control.interrupt;
  const u64 priority = (word & vi::kPriorityMask) >> vi::kPriorityShift;
  const bool above = (word & vi::kIgnoreTpr) != 0 || priority > (word & 0xF);
  const bool open = (word & vi::kGifEnable) == 0 || (word & vi::kGif) != 0;
  cpu.virtual_interrupt = (word & vi::kIrq) != 0 && above && open;
}

bool Unit::set_virtual_gif(Cpu& cpu, bool value) {
  u64& word = guest_.control.interrupt;
  if (cpu.guest == nullptr || (word & vi::kGifEnable) == 0) return false;
  word = value ? word | vi::kGif : word & ~vi::kGif;
  update_virtual_interrupt(cpu);
  return true;
}

bool Unit::read_task_priority(const Cpu&, u64& value) {
  value = guest_.control.interrupt & 0xF;
  return (guest_.control.interrupt & vi::kMasking) != 0;
}

/// Without V_INTR_MASKING both the guest's and the real priority change (APM vol. 2, 15.21.2).
bool Unit::write_task_priority(Cpu& cpu, u64 value) {
  guest_.control.interrupt = (guest_.control.interrupt & ~vi::kTprMask) | value;
  update_virtual_interrupt(cpu);
  return (guest_.control.interrupt & vi::kMasking) != 0;
}

void Unit::virtual_interrupt(Cpu& cpu) {
  if (intercepted(Exit::VirtualInterrupt)) return leave(cpu, Exit::VirtualInterrupt);
  const u8 vector = static_cast<u8>(guest_.control.interrupt >> vi::kVectorShift);
  guest_.control.interrupt &= ~vi::kIrq;
  update_virtual_interrupt(cpu);
  control::deliver(cpu, {.vector = vector, .source = cpu::Source::Interrupt});
}

}  // namespace hvlab::svm
