// The machine's devices, to be looked at.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::devices {
class AcpiPm;
class Hpet;
class I8042;
class PciFunction;
class Pit;
class Rtc;
class Uart16550;
}  // namespace hvlab::devices

namespace hvlab::board {

/// A function on PCI bus 0, by the name that the list of devices has for it.
struct PciPlace {
  std::string name;
  u8 device = 0, function = 0;
  const devices::PciFunction* what = nullptr;
};

/// Those that have no PCI function, by name; each lives as long as its machine.
struct MachineDevices {
  const devices::Uart16550 *com1 = nullptr, *com2 = nullptr;
  const devices::Pit* pit = nullptr;
  const devices::Hpet* hpet = nullptr;
  const devices::Rtc* rtc = nullptr;
  const devices::AcpiPm* acpi_pm = nullptr;
  const devices::I8042* i8042 = nullptr;
  std::vector<PciPlace> pci;  // by place
};

}  // namespace hvlab::board
