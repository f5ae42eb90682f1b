// What devices have in their registers, as documents: lists of {group, name, value, text}. Nothing is read
// that reading changes, and no count that moves by itself: to look at a clock is to be seen by it.
#pragma once

#include <string>

#include "sim/board/machine_devices.hpp"
#include "sim/devices/pci_function.hpp"
#include "sim/inspect/flag_names.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::devices {
class E1000;
class PiixIde;
class VirtioPci;
}  // namespace hvlab::devices

namespace hvlab::inspect {

using record::Json;

/// The members `kind`, `place` and `state` of each device of the machine that has any, by its name.
Json device_states_json(const board::MachineDevices& devices);

/// A device's list as it is made.
class DeviceState {
 public:
  /// What follows belongs to it.
  void group(const std::string& name) { group_ = name; }
  void add(const std::string& name, u64 value, unsigned bytes, const std::string& text = "");
  void flags(const std::string& name, u64 value, unsigned bytes, std::span<const FlagName> names);
  /// Without a value: words say it.
  void say(const std::string& name, const std::string& text);

  const Json& list() const { return list_; }

 private:
  std::string group_;
  Json list_ = Json::array();
};

// Of single devices.
void add_uart(DeviceState& state, const devices::Uart16550& uart);
void add_pit(DeviceState& state, const devices::Pit& pit);
void add_hpet(DeviceState& state, const devices::Hpet& hpet);
void add_rtc(DeviceState& state, const devices::Rtc& rtc);
void add_acpi_pm(DeviceState& state, const devices::AcpiPm& acpi);
void add_i8042(DeviceState& state, const devices::I8042& i8042);
void add_pci_header(DeviceState& state, const devices::PciFunction& function);
void add_e1000(DeviceState& state, const devices::E1000& nic);
void add_ide(DeviceState& state, const devices::PiixIde& ide);
void add_virtio(DeviceState& state, const devices::VirtioPci& device);

/// Where a PCI function is: its place, its identity, what it decodes, its interrupt.
std::string pci_place_text(const board::PciPlace& place);

}  // namespace hvlab::inspect
