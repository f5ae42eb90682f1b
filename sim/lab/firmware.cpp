#include "sim/lab/firmware.hpp"

#include <algorithm>

#include "sim/boot/firmware.hpp"
#include "sim/lab/debian_systems.hpp"

namespace hvlab::lab {

namespace {

constexpr u16 kFirstSerialPort = 0x3f8;

}  // namespace

void add_firmware(const std::string& path, board::MachineConfig& machine) {
  machine.firmware.rom = boot::read_firmware(path.empty() ? debian_firmware() : path);
  for (boot::NamedFile& file : boot::firmware_files({machine.processors, machine.memory, kFirstSerialPort}))
    machine.firmware.files.push_back({std::move(file.name), std::move(file.bytes)});
}

FirmwareLog::FirmwareLog(const board::Machine& machine, std::ofstream& file) : file_(file) {
  const auto devices = machine.statistics().devices;
  device_ = static_cast<size_t>(std::ranges::find(devices, "debug-console", &board::DeviceRecord::name) -
                                devices.begin());
}

}  // namespace hvlab::lab
