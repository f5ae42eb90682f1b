// What the processor asks while a guest runs (APM vol. 2, 15.7 to 15.14).
#include "sim/cpu/run_on.hpp"
#include "sim/decode/form.hpp"
#include "sim/svm/maps.hpp"
#include "sim/svm/unit.hpp"

namespace hvlab::svm {

using namespace arch::svm;
using arch::Feature;
using cpu::Boundary;
using decode::Mnemonic;

namespace {

bool is_mov(const Cpu& cpu) { return static_cast<Mnemonic>(cpu.current->mnemonic) == Mnemonic::MOV; }

/// The general register of a MOV: operands are kept as byte offsets.
u64 general_register(const Cpu& cpu, unsigned operand) { return cpu.current->reg[operand] / 8; }

}  // namespace

Outcome Unit::leave_at(Cpu& cpu, u64 code, u64 info1) {
  leave(cpu, static_cast<Exit>(code), info1, 0, cpu::run_on(cpu, cpu.rip + cpu.current->length));
  return Outcome::World;
}

Outcome Unit::control_read(Cpu& cpu, unsigned number) {
  if (!intercepted(kReadCr + number)) return Outcome::Next;
  const bool tells = cpu.has(Feature::DecodeAssists) && is_mov(cpu);
  return leave_at(cpu, kReadCr + number, tells ? kMovCr | general_register(cpu, 0) : 0);
}

/// The selective intercept of CR0 is for changes of other bits than TS and MP (15.9).
Outcome Unit::control_write(Cpu& cpu, unsigned number, u64 value) {
  const bool tells = cpu.has(Feature::DecodeAssists) && is_mov(cpu);
  const u64 info1 = tells ? kMovCr | general_register(cpu, 1) : 0;
  if (intercepted(kWriteCr + number)) return leave_at(cpu, kWriteCr + number, info1);
  constexpr u64 kUnselected = arch::cr0::kTs | arch::cr0::kMp;
  const bool selected = number == 0 && ((cpu.cr0 ^ value) & ~kUnselected) != 0;
  if (selected && intercepted(Exit::SelectiveCr0Write))
    return leave_at(cpu, static_cast<u64>(Exit::SelectiveCr0Write), info1);
  return Outcome::Next;
}

Outcome Unit::debug_access(Cpu& cpu, unsigned number, bool write) {
  const u64 code = (write ? kWriteDr : kReadDr) + number;
  if (!intercepted(code)) return Outcome::Next;
  return leave_at(cpu, code, cpu.has(Feature::DecodeAssists) ? general_register(cpu, write ? 1 : 0) : 0);
}

Outcome Unit::port(Cpu& cpu, const cpu::PortAccess& access) {
  if (!intercepted(Exit::IoIo) || !port_intercepted(cpu, guest_.control.io_map, access.port, access.bytes))
    return Outcome::Next;
  u64 info1 = u64{access.port} << ioio::kPortShift | u64{access.bytes} << ioio::kSizeShift;
  // The address size 2, 4 or 8 as a bit, as the operand size 1, 2 or 4.
  info1 |= u64{access.address_bytes} / 2 << ioio::kAddressShift;
  if (access.input) info1 |= ioio::kInput;
  if (access.string) info1 |= ioio::kString;
  if (access.repeated) info1 |= ioio::kRepeated;
  if (access.string && cpu.has(Feature::DecodeAssists)) info1 |= u64{access.segment} << ioio::kSegmentShift;
  const u64 next = cpu::run_on(cpu, cpu.rip + cpu.current->length);
  leave(cpu, Exit::IoIo, info1, next, next);
  return Outcome::World;
}

Outcome Unit::msr(Cpu& cpu, u32 number, bool write) {
  if (!intercepted(Exit::Msr) || !msr_intercepted(cpu, guest_.control.msr_map, number, write))
    return Outcome::Next;
  return leave_at(cpu, static_cast<u64>(Exit::Msr), write ? 1 : 0);
}

Outcome Unit::task_switch(Cpu& cpu, const cpu::TaskSwitchAccess& access) {
  if (!intercepted(Exit::TaskSwitch)) return Outcome::Next;
  u64 info2 = 0;
  if (access.by_iret) info2 |= bit(36);
  if (access.by_jump) info2 |= bit(38);
  if (cpu.is_delivering && cpu.delivering.has_error) info2 |= bit(44) | cpu.delivering.error;
  if (access.resumes) info2 |= bit(48);
  leave(cpu, Exit::TaskSwitch, access.selector, info2);
  return Outcome::World;
}

bool Unit::exception(Cpu& cpu, const Delivery& event) {
  if (event.nested) {
    const u64 where = cpu.fault.nested_walk ? npf::kTables : npf::kFinal;
    leave(cpu, Exit::NestedPageFault, event.error | where, event.address);
    return true;
  }
  const bool raised =
      event.source == cpu::Source::Exception || event.source == cpu::Source::SoftwareException;
  if (!raised || event.vector > 31 || !intercepted(kException + event.vector)) return false;
  const bool page_fault = event.vector == static_cast<u8>(arch::Exception::PageFault);
  // The next instruction is told for INT3, INTO and BOUND only (15.7.1).
  const bool bound = event.vector == static_cast<u8>(arch::Exception::BoundRange);
  const u64 length = bound ? cpu.current->length : event.length;
  const u64 next = bound || event.software() ? cpu::run_on(cpu, cpu.rip + length) : 0;
  leave(cpu, static_cast<Exit>(kException + event.vector), event.has_error ? event.error : 0,
        page_fault ? event.address : 0, next);
  return true;
}

bool Unit::shutdown(Cpu& cpu) {
  if (!intercepted(Exit::Shutdown)) return false;
  cpu.is_delivering = false;
  leave(cpu, Exit::Shutdown);
  return true;
}

bool Unit::boundary(Cpu& cpu, Boundary what) {
  constexpr Exit kCodes[] = {Exit::Init, Exit::Smi, Exit::Nmi, Exit::Intr};
  const Exit code = kCodes[static_cast<size_t>(what)];
  if (!intercepted(code)) return false;
  constexpr u64 kSmmLock = bit(0);  // of HWCR: the intercept of SMI is without effect (15.13.3)
  if (what == Boundary::Smi && (cpu.hwcr & kSmmLock) != 0) return false;
  leave(cpu, code);
  return true;
}

/// Counts PAUSEs down; with a threshold, ones that are far apart start the count anew (15.14.4).
bool Unit::pause_exits(Cpu& cpu) {
  if (!cpu.has(Feature::PauseFilter) || guest_.control.pause_count == 0) return true;
  const u64 now = cpu.cycles();
  const u64 threshold = cpu.has(Feature::PauseThreshold) ? guest_.control.pause_threshold : 0;
  const bool far = threshold != 0 && now - guest_.last_pause > threshold;
  guest_.last_pause = now;
  if (far) {
    guest_.pauses_left = guest_.control.pause_count;
    return false;
  }
  if (guest_.pauses_left == 0) return true;
  --guest_.pauses_left;
  return false;
}

}  // namespace hvlab::svm
