// The PCI framework: what a device model that sits on the bus includes.
#pragma once

#include "sim/devices/pci_bus.hpp"
#include "sim/devices/pci_function.hpp"
#include "sim/devices/pci_msix.hpp"
