#include "sim/inspect/device_document.hpp"

#include <fmt/format.h>

#include "sim/devices/e1000.hpp"
#include "sim/devices/ide.hpp"
#include "sim/devices/virtio_pci.hpp"
#include "sim/inspect/processor_document.hpp"

namespace hvlab::inspect {

namespace {

struct KnownFunction {
  u16 vendor, device;
  const char* kind;
};
constexpr KnownFunction kFunctions[] = {
    {0x8086, 0x1237, "82441FX host bridge"},        {0x8086, 0x7000, "82371SB ISA bridge"},
    {0x8086, 0x7010, "82371SB IDE controller"},     {0x8086, 0x7113, "82371AB power management"},
    {0x8086, 0x100e, "82540EM network controller"}, {0x1af4, 0x1041, "virtio network device"},
    {0x1af4, 0x1042, "virtio block device"},        {0x1af4, 0x1043, "virtio console"},
    {0x1af4, 0x1044, "virtio entropy source"}};

u16 word_at(const devices::PciFunction& function, u8 offset) {
  const auto& config = function.pci_state().config;
  return static_cast<u16>(config[offset] | config[offset + 1U] << 8);
}

std::string kind_of(const devices::PciFunction& function) {
  const u16 vendor = word_at(function, devices::pci::kVendorId),
            device = word_at(function, devices::pci::kDeviceId);
  for (const KnownFunction& known : kFunctions)
    if (known.vendor == vendor && known.device == device) return known.kind;
  return fmt::format("{:04x}:{:04x}", vendor, device);
}

Json device(const std::string& kind, const std::string& place, const DeviceState& state) {
  return {{"kind", kind}, {"place", place}, {"state", state.list()}};
}

Json pci_device(const board::PciPlace& place) {
  DeviceState state;
  if (const auto* nic = dynamic_cast<const devices::E1000*>(place.what)) add_e1000(state, *nic);
  if (const auto* ide = dynamic_cast<const devices::PiixIde*>(place.what)) add_ide(state, *ide);
  if (const auto* virtio = dynamic_cast<const devices::VirtioPci*>(place.what)) add_virtio(state, *virtio);
  state.group("PCI");
  add_pci_header(state, *place.what);
  return device(kind_of(*place.what), pci_place_text(place), state);
}

template <typename Device>
void add(Json& all, const char* name, const char* kind, const char* place, const Device* what,
         void (*read)(DeviceState&, const Device&)) {
  if (what == nullptr) return;
  DeviceState state;
  read(state, *what);
  all[name] = device(kind, place, state);
}

}  // namespace

void DeviceState::add(const std::string& name, u64 value, unsigned bytes, const std::string& text) {
  Json one = {{"group", group_}, {"name", name}, {"value", hex(value, bytes)}};
  if (!text.empty()) one["text"] = text;
  list_.push_back(std::move(one));
}

void DeviceState::flags(const std::string& name, u64 value, unsigned bytes, std::span<const FlagName> names) {
  add(name, value, bytes, text_of(names, value));
}

void DeviceState::say(const std::string& name, const std::string& text) {
  list_.push_back({{"group", group_}, {"name", name}, {"value", ""}, {"text", text}});
}

Json device_states_json(const board::MachineDevices& devices) {
  Json all = Json::object();
  add(all, "com1", "16550A serial port", "ports 3f8h-3ffh, IRQ 4", devices.com1, add_uart);
  add(all, "com2", "16550A serial port", "ports 2f8h-2ffh, IRQ 3", devices.com2, add_uart);
  add(all, "pit", "8254 timer", "ports 40h-43h, 61h, IRQ 0", devices.pit, add_pit);
  add(all, "hpet", "high precision event timer", "memory fed00000h-fed003ffh", devices.hpet, add_hpet);
  add(all, "rtc", "MC146818A clock and CMOS RAM", "ports 70h-73h, IRQ 8", devices.rtc, add_rtc);
  add(all, "acpi-pm", "ACPI power management", "64 ports, b2h-b3h, cf9h, IRQ 9", devices.acpi_pm,
      add_acpi_pm);
  add(all, "i8042", "keyboard and mouse controller", "ports 60h, 64h, 92h, IRQ 1 and 12", devices.i8042,
      add_i8042);
  for (const board::PciPlace& place : devices.pci) all[place.name] = pci_device(place);
  return all;
}

}  // namespace hvlab::inspect
