// Message-signalled interrupts: what a PCI function with MSI or MSI-X, an IOAPIC or an HPET sends to local
// APICs.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab {

class MessageInterrupts {
 public:
  virtual ~MessageInterrupts() = default;
  /// A memory write of `data` to `address` in FEE0_0000..FEEF_FFFF (SDM vol. 3, 11.11): delivered at once to
  /// the local APICs that the address names, with the delivery mode and vector of the data.
  virtual void send(u64 address, u32 data) = 0;
};

}  // namespace hvlab
