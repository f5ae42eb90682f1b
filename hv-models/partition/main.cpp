// Firmware that splits the machine into partitions, starts a kernel in each, and then has nothing to do.
#include "hv-models/devices/serial_port.hpp"
#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/consoles.hpp"
#include "hv-models/hypervisor/fixed_memory.hpp"
#include "hv-models/hypervisor/image.hpp"
#include "hv-models/hypervisor/permission_maps.hpp"
#include "hv-models/partition/cores.hpp"
#include "hv-models/partition/functions.hpp"
#include "hv-models/partition/pci_view.hpp"
#include "hv-models/partition/pins.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::partition {
namespace {

using namespace hypervisor;
using devices::SerialPort;

struct Partition {
  VirtualMachine machine;
  SerialPort serial{{}, {}};
  PciView pci;
  u64 memory = 0;  // bytes that it has taken, with all that is kept for it
};

Configuration configuration;
Partition* partitions[kMostMachines] = {};

// What all partitions share: the wire to the console, and PCI's configuration ports.
bool access(void* context, VirtualProcessor&, Access& access) {
  Partition& p = *static_cast<Partition*>(context);
  const u64 reg = access.address - SerialPort::kFirst;
  const bool port = access.space == Space::Port;
  if (p.machine.over && access.write) return true;  // its devices stay silent
  if (port && reg < SerialPort::kPorts) {
    if (access.write) p.serial.write(static_cast<unsigned>(reg), static_cast<u8>(access.value));
    if (!access.write) access.value = p.serial.read(static_cast<unsigned>(reg));
  } else if (!(port && access_pci(p.pci, access)) && !access.write) {
    access.value = kNobody;
  }
  return true;
}

void put(void* context, char byte) {
  console_byte(static_cast<Partition*>(context)->machine.number, configuration.count > 1,
               static_cast<u8>(byte));
}

void no_line(void*, unsigned, bool) {}  // of the console's, which all kernels of ours write without waiting

// Its devices stay silent: what they might still write would find memory that is nobody's any more.
void ended(VirtualMachine& machine, int status) {
  {
    const runtime::Hold hold(machine.lock);  // another processor of it may still be at its devices
    quiet(machine.number);
    mask_pins(machine.number);
  }
  machine_ended(machine, partitions[machine.number - 1]->memory, status);
}

i64 hypercall(VirtualProcessor&, u64, u64, u64, u64) { return kUnknownCall; }
u32 features(const VirtualMachine&) { return 0; }

constexpr ModelHooks kHooks = {.kick = kick,
                               .ended = ended,
                               .hypercall = hypercall,
                               .interrupt_ended = program_pins,
                               .map_memory = nullptr,
                               .afterwards = nullptr,
                               .interrupt = interrupt,
                               .features = features};

void check(unsigned number, const MachineConfiguration& of) {
  if (of.paging != Paging::Nested)
    runtime::panic("vm%u: paging: memory is kept apart by nested paging alone", number);
  refuse_split_card(number, of);
  if (of.limit != 0 || of.reservation != 0 || saves_world_switches(of))
    runtime::panic(
        "vm%u: reservation, limit, sends, registers, frames: a partition has its cores and devices to itself",
        number);
}

void give_devices(Partition& p, const MachineConfiguration& of) {
  VirtualMachine& machine = p.machine;
  p.pci.number = machine.number;
  if (of.disk != DiskKind::None && !give_disk(machine))
    runtime::panic("vm%u: disk: the machine has no further disk controller", machine.number);
  if (of.net != NetworkKind::None && !give_card(machine))
    runtime::panic("vm%u: net: the machine has no further network card", machine.number);
}

void load_kernel(VirtualMachine& machine) {
  const runtime::BootInformation& boot = runtime::boot_information();
  const runtime::BootModule &kernel = boot.modules[0], &archive = boot.modules[1];
  const u64 top = (machine.memory.bytes() - archive.bytes) & ~(runtime::kPageBytes - 1);
  if (machine.memory.at(top, archive.bytes) == nullptr)
    runtime::panic("vm%u: its memory has a hole where the kernel's archive is to be", machine.number);
  const char* message = "";
  if (!load(machine, runtime::direct<const u8>(kernel.address), kernel.bytes,
            runtime::direct<const u8>(archive.address), archive.bytes, message))
    runtime::panic("vm%u: %s", machine.number, message);
}

void make_partition(unsigned number) {
  const u64 before = runtime::free_memory_bytes();
  const MachineConfiguration& of = configuration.machines[number - 1];
  check(number, of);
  Partition* p = new (std::nothrow) Partition;
  if (p == nullptr) runtime::panic("no memory for partition %u", number);
  partitions[number - 1] = p;
  VirtualMachine& machine = p->machine;
  machine.number = number;
  machine.direct = true;
  machine.configuration = of;
  new (&p->serial) SerialPort({put, p}, {no_line, nullptr, 0});
  take_cores(machine, of.vcpus);
  give_devices(*p, of);
  machine.ports = hypervisor::make_port_map();
  if (machine.ports == 0 || !prepare_fixed_memory(machine, of.memory) ||
      !create(machine, number, of, {access, p}, kHooks) || !map_registers(machine))
    runtime::panic("vm%u: not enough memory for its %u MiB", number, of.memory);
  open_ports(machine);
  bind_cores(machine);
  load_kernel(machine);
  p->memory = before - runtime::free_memory_bytes();
  runtime::print("HVLAB vm %u start vcpus=%u memory=%u at=%lu\n", number, machine.count, of.memory,
                 runtime::clock::now());
}

}  // namespace
}  // namespace hvlab::partition

void model_main() {
  using namespace hvlab;
  using namespace hvlab::partition;
  begin_image(configuration);
  set_up_cores();
  say_ready("partition", nullptr);
  begin_machines(configuration.count);
  find_functions();
  for (unsigned number = 1; number <= configuration.count; ++number) make_partition(number);
  release_cores();
  run_core();
}
