// The machine's PCI functions that partitions have: which there are, what each decodes, whose it is.
#pragma once

#include "hv-models/drivers/pci.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::partition {

inline constexpr unsigned kBars = 6, kMostFunctions = 16;

struct Bar {
  bool there = false, port = false, wide = false;
  u32 mask = 0;  // what is read back after all ones were written (PCI 3.0, 6.2.5.1)
  u64 address = 0, bytes = 0;
};

struct Function {
  drivers::PciFunction pci = {};
  Bar bars[kBars];
  unsigned owner = 0;   // number of a partition; 0: nobody's
  u32 sizing = 0;       // BARs to which its owner has written all ones, a bit each
  bool bridge = false;  // everybody may look at it: what is behind function 0 is found by it
};

/// Looks for disk controllers and network cards, once.
void find_functions();
/// Gives partition `machine` the next ones that nobody has; false if there is none.
bool give_disk(hypervisor::VirtualMachine& machine);
bool give_card(hypervisor::VirtualMachine& machine);
/// Its functions' ports and memory do not leave it. Before create() the ports, after it the memory.
void open_ports(hypervisor::VirtualMachine& machine);
bool map_registers(hypervisor::VirtualMachine& machine);
/// Interrupt pins of its functions, a bit each.
u32 pins_of(unsigned number);
/// Its functions are no bus masters any more.
void quiet(unsigned number);

/// Null if there is none at this place.
Function* function_at(u8 slot, u8 function);

}  // namespace hvlab::partition
