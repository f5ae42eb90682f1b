#include "sim/vmx/eptp.hpp"

namespace hvlab::vmx {

bool eptp_valid(const cpu::Cpu& cpu, u64 value) {
  namespace cap = arch::vmx::ept_vpid;
  const u64 can = cpu.vmx.ept_vpid, type = value & eptp::kMemoryType;
  const unsigned levels = eptp::levels(value);
  const bool type_supported = (type == eptp::kUncacheable && (can & cap::kUncacheable) != 0) ||
                              (type == eptp::kWriteBack && (can & cap::kWriteBack) != 0);
  const bool levels_supported =
      (levels == 4 && (can & cap::kWalk4) != 0) || (levels == 5 && (can & cap::kWalk5) != 0);
  const bool flags_supported = (value & eptp::kAccessedDirty) == 0 || (can & cap::kAccessedDirty) != 0;
  return type_supported && levels_supported && flags_supported && (value & eptp::kReserved) == 0 &&
         (value >> cpu.identity.physical_address_bits) == 0;
}

}  // namespace hvlab::vmx
