#include "sim/svm/checks.hpp"

#include "sim/arch/msr.hpp"
#include "sim/control/control_registers.hpp"

namespace hvlab::svm {

using namespace arch;
using arch::Feature;
namespace event = arch::svm::event;

namespace {

bool beyond_memory(const Cpu& cpu, u64 address) {
  return (address >> cpu.identity.physical_address_bits) != 0;
}

bool paging_and_long(const SaveArea& save) {
  return (save.efer & efer::kLme) != 0 && (save.cr0 & cr0::kPg) != 0;
}

}  // namespace

bool efer_valid(const Cpu& cpu, const SaveArea& save) {
  if ((save.efer & efer::kSvme) == 0) return false;
  u64 defined = efer::kSvme;
  if (cpu.has(Feature::Syscall)) defined |= efer::kSce;
  if (cpu.has(Feature::Nx)) defined |= efer::kNxe;
  if (cpu.has(Feature::Lm)) defined |= efer::kLme | efer::kLma;  // without long mode both must be 0
  return (save.efer & ~defined) == 0;
}

bool control_registers_valid(const Cpu& cpu, const SaveArea& save) {
  if ((save.cr0 & cr0::kCd) == 0 && (save.cr0 & cr0::kNw) != 0) return false;
  if ((save.cr0 >> 32) != 0) return false;
  if (beyond_memory(cpu, save.cr3)) return false;
  return (save.cr4 & ~control::cr4_supported(cpu)) == 0;
}

bool debug_registers_valid(const SaveArea& save) { return (save.dr6 >> 32) == 0 && (save.dr7 >> 32) == 0; }

bool long_mode_valid(const SaveArea& save) {
  if (!paging_and_long(save)) return true;
  if ((save.cr4 & cr4::kPae) == 0 || (save.cr0 & cr0::kPe) == 0) return false;
  constexpr u16 kLong = 1 << 9, kDefaultBig = 1 << 10;  // of the 12-bit attribute word
  return (save.cs.attributes & (kLong | kDefaultBig)) != (kLong | kDefaultBig);
}

bool controls_valid(const Cpu& cpu, const ControlArea& control) {
  constexpr auto kVmrun = static_cast<unsigned>(arch::svm::Exit::Vmrun);
  if (!test_bit(control.intercept[kVmrun / 32], kVmrun % 32)) return false;
  if (control.asid == 0 || control.asid >= cpu.leaves.svm_asids) return false;
  // "Extend to a physical address that is greater than or equal to the maximum": the last byte of all counts.
  const u64 io = align_down(control.io_map, 4096), msr = align_down(control.msr_map, 4096);
  const u64 last = low_mask(cpu.identity.physical_address_bits);
  return io <= last - arch::svm::kIoMapBytes && msr <= last - arch::svm::kMsrMapBytes;
}

bool injection_valid(const SaveArea& save, const ControlArea& control) {
  const u64 word = control.event_injection;
  if ((word & event::kValid) == 0) return true;
  const u64 vector = word & 0xFF;
  switch (static_cast<event::Type>((word & event::kTypeMask) >> event::kTypeShift)) {
    case event::Type::Interrupt:
    case event::Type::Nmi:
    case event::Type::Software: return true;
    case event::Type::Exception: {
      constexpr u16 kLong = 1 << 9;
      const bool code64 = paging_and_long(save) && (save.cs.attributes & kLong) != 0;
      // BOUND and INTO do not exist in 64-bit mode.
      if (code64 && (vector == static_cast<u64>(Exception::BoundRange) ||
                     vector == static_cast<u64>(Exception::Overflow)))
        return false;
      return vector <= 31 && vector != static_cast<u64>(Exception::Nmi);
    }
    default: return false;
  }
}

bool nested_paging_valid(const Cpu& cpu, const SaveArea& save, const ControlArea& control) {
  if ((control.nested_control & arch::svm::kNestedPaging) == 0) return true;
  if (!cpu.has(Feature::Npt) || (cpu.cr0 & cr0::kPg) == 0 || beyond_memory(cpu, control.nested_root))
    return false;
  return arch::msr::pat_valid(save.gpat);
}

bool host_valid(const Cpu& cpu, const SaveArea& save) {
  return efer_valid(cpu, save) && control_registers_valid(cpu, save) && long_mode_valid(save);
}

bool consistent(const Cpu& cpu, const arch::svm::Vmcb& block) {
  const SaveArea& save = block.save;
  return efer_valid(cpu, save) && control_registers_valid(cpu, save) && debug_registers_valid(save) &&
         long_mode_valid(save) && controls_valid(cpu, block.control) &&
         injection_valid(save, block.control) && nested_paging_valid(cpu, save, block.control);
}

}  // namespace hvlab::svm
