// PCI configuration space (PCI Local Bus Specification 3.0, 3.2.2.3.2 and 6): what is on bus 0, where
// firmware has put it.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::drivers {

struct PciFunction {
  u8 slot, function;
  u16 vendor, device;
  u8 base_class, sub_class;
  u8 irq;  // the ISA interrupt that its INTx# pin is routed to, as firmware says
};

void visit_pci_functions(void (*found)(const void* context, const PciFunction&), const void* context);

/// Calls found(function) for everything on bus 0.
template <typename Found>
void for_each_pci_function(const Found& found) {
  const auto call = [](const void* context, const PciFunction& f) {
    (*static_cast<const Found*>(context))(f);
  };
  visit_pci_functions(call, &found);
}

u32 pci_read(const PciFunction& f, u8 offset);
void pci_write(const PciFunction& f, u8 offset, u32 value);
u8 pci_read8(const PciFunction& f, u8 offset);

/// The address in base address register `index`, of memory or of ports; 0 if it is not there.
u64 pci_address(const PciFunction& f, unsigned index);
/// Lets it answer on memory and ports, and be master of the bus.
void pci_enable(const PciFunction& f);
/// The first capability `id` behind the one at `after` (0: the first of all); 0 if there is none.
u8 pci_capability(const PciFunction& f, u8 id, u8 after);

}  // namespace hvlab::drivers
