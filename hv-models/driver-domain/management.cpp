#include "hv-models/driver-domain/management.hpp"

#include "hv-models/hypervisor/second_stage.hpp"

namespace hvlab::driver_domain {

// Up to the I/O APIC.
bool map_devices(hypervisor::VirtualMachine& machine) {
  constexpr u64 kDevices = 0xe000'0000, kDevicesEnd = 0xfec0'0000;
  return hypervisor::map(machine.tables, kDevices, kDevices, kDevicesEnd - kDevices,
                         hypervisor::kReadable | hypervisor::kWritable);
}

}  // namespace hvlab::driver_domain
