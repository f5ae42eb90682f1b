// PCI configuration space as a partition sees it: its own functions, at their own places, where firmware has
// put their registers; bridges, to look at.
#pragma once

#include "hv-models/devices/access.hpp"
#include "sim/base/types.hpp"

namespace hvlab::partition {

struct PciView {
  unsigned number = 0;  // of the partition
  u32 selected = 0;     // what it has written to CF8h
};

/// True if the port is one of these: `access` is done.
bool access_pci(PciView& view, devices::Access& access);

}  // namespace hvlab::partition
