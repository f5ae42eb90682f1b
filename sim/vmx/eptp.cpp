#include "sim/vmx/eptp.hpp"

namespace hvlab::vmx {

namespace cap = arch::vmx::ept_vpid;

namespace eptp {

bool memory_type_supported(const cpu::Cpu& cpu, u64 value) {
  switch (value & kMemoryType) {
    case kUncacheable: return (cpu.vmx.ept_vpid & cap::kUncacheable) != 0;
    case kWriteBack: return (cpu.vmx.ept_vpid & cap::kWriteBack) != 0;
    default: return false;
  }
}

bool levels_supported(const cpu::Cpu& cpu, u64 value) {
  switch (levels(value)) {
    case 4: return (cpu.vmx.ept_vpid & cap::kWalk4) != 0;
    case 5: return (cpu.vmx.ept_vpid & cap::kWalk5) != 0;
    default: return false;
  }
}

bool flags_supported(const cpu::Cpu& cpu, u64 value) {
  return (value & kAccessedDirty) == 0 || (cpu.vmx.ept_vpid & cap::kAccessedDirty) != 0;
}

bool reserved_clear(const cpu::Cpu& cpu, u64 value) {
  return (value & kReserved) == 0 && (value >> cpu.identity.physical_address_bits) == 0;
}

}  // namespace eptp

bool eptp_valid(const cpu::Cpu& cpu, u64 value) {
  return eptp::memory_type_supported(cpu, value) && eptp::levels_supported(cpu, value) &&
         eptp::flags_supported(cpu, value) && eptp::reserved_clear(cpu, value);
}

}  // namespace hvlab::vmx
