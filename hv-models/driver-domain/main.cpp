// The driver-domain hypervisor's beginning: the management machine, which has the devices; the others once it
// serves them.
#include "hv-models/driver-domain/domains.hpp"
#include "hv-models/driver-domain/emulation.hpp"
#include "hv-models/driver-domain/hypercalls.hpp"
#include "hv-models/driver-domain/interrupts.hpp"
#include "hv-models/driver-domain/management.hpp"
#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/consoles.hpp"
#include "hv-models/hypervisor/cores.hpp"
#include "hv-models/hypervisor/fixed_memory.hpp"
#include "hv-models/hypervisor/image.hpp"
#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::driver_domain {
namespace {

using namespace hypervisor;
using interdomain::Split;

Configuration configuration;
u64 memory_of[kMostMachines + 1] = {};  // bytes that each machine has taken, with all that is kept for it

struct Console {
  unsigned number = 0;
  devices::SerialPort port;
};

// A serial port for each machine is all that the hypervisor has of devices; others are emulated in the
// management machine, or not there.
bool access(void* context, VirtualProcessor& vcpu, Access& access) {
  Console& console = *static_cast<Console*>(context);
  constexpr u16 kFirst = devices::SerialPort::kFirst, kPorts = devices::SerialPort::kPorts;
  const bool serial =
      access.space == Space::Port && access.address >= kFirst && access.address < kFirst + kPorts;
  const unsigned reg = static_cast<unsigned>(access.address - kFirst);
  if (!serial && is_emulated(vcpu.machine->configuration)) {
    ask_management(vcpu, access);
    return false;
  }
  if (serial && access.write) {
    console.port.write(reg, static_cast<u8>(access.value));
    return vcpu.machine->privileged ||
           !waits_for_console(vcpu);  // for the management machine all others wait
  } else if (!access.write) {
    access.value = serial ? console.port.read(reg) : kNobody;
  }
  return true;
}

void put(void* context, char byte) {
  console_byte(static_cast<Console*>(context)->number, configuration.count > 1, static_cast<u8>(byte));
}

void ended(VirtualMachine& machine, int status) {
  if (machine.privileged) {
    report_times(machine);
    runtime::print("HVLAB management end status=%d at=%lu\n", status, runtime::clock::now());
    end_image(1);
  }
  report_times(machine);
  machine_ended(machine, memory_of[machine.number], status);
}

u32 features(const VirtualMachine& machine) {
  return kHasStealTime | interdomain::kHasChannels | (machine.privileged ? interdomain::kIsManagement : 0);
}

constexpr ModelHooks kHooks = {.kick = kick,
                               .ended = ended,
                               .hypercall = driver_domain::hypercall,
                               .interrupt_ended = interrupt_ended,
                               .features = features};

DeviceDoor door_of(Domain& d, unsigned number) {
  const devices::Line line{[](void* machine, unsigned pin, bool level) {
                             set_line(*static_cast<VirtualMachine*>(machine), pin, level);
                           },
                           &d.machine, devices::SerialPort::kPin};
  Console* console = static_cast<Console*>(runtime::allocate_zeroed_page());
  if (console == nullptr) runtime::panic("no memory for a console");
  new (&console->port) devices::SerialPort({put, console}, line);
  console->number = number;
  return {access, console};
}

// The first two modules are the management machine's; the others' kernel and archive are the next two, if
// there are more.
void load_or_panic(VirtualMachine& machine) {
  const runtime::BootInformation& boot = runtime::boot_information();
  const runtime::BootModule* files = boot.modules + (!machine.privileged && boot.module_count >= 4 ? 2 : 0);
  const char* message = "";
  if (!load(machine, runtime::direct<const u8>(files[0].address), files[0].bytes,
            runtime::direct<const u8>(files[1].address), files[1].bytes, message))
    runtime::panic("vm%u: %s", machine.number, message);
}

// Its number, for people and for whoever watches, comes behind the guests'.
void make_management() {
  Domain& d = domain(kManagement);
  MachineConfiguration& of = configuration.management;
  // Who emulates devices is a program; without any, one that only stays.
  bool emulated = false;
  for (unsigned i = 0; i < configuration.count; ++i)
    emulated = emulated || is_emulated(configuration.machines[i]);
  runtime::format_text(of.command_line, sizeof of.command_line, "%srun=%s", of.offload ? "offload=on " : "",
                       emulated ? "/bin/vmm --management" : "/bin/manage");
  d.machine.privileged = true;
  d.machine.changes = true;
  const unsigned number = configuration.count + 1;
  if (!prepare_fixed_memory(d.machine, of.memory) ||
      !create(d.machine, number, of, door_of(d, kManagement), kHooks) || !map_devices(d.machine))
    runtime::panic("not enough memory for the management machine's %u MiB", of.memory);
  load_or_panic(d.machine);
  route_interrupts(d.machine);
  runtime::print("HVLAB management start vm=%u vcpus=%u memory=%u at=%lu\n", number, d.machine.count,
                 of.memory, runtime::clock::now());
}

u8 split_kinds(unsigned number, const MachineConfiguration& of) {
  if (saves_world_switches(of)) runtime::panic("vm%u: sends, registers, frames: the hosted model's", number);
  return static_cast<u8>((of.disk == DiskKind::Pv ? 1u << static_cast<unsigned>(Split::Disk) : 0) |
                         (of.net == NetworkKind::Pv ? 1u << static_cast<unsigned>(Split::Network) : 0));
}

// How frames go to and from a guest's card; panics over what cannot be.
u8 manner(unsigned number, const MachineConfiguration& of) {
  if (splits_card(of) && of.net != NetworkKind::Pv)
    runtime::panic("vm%u: transmit, receive and offload are a split card's: net:pv", number);
  if (of.receive == Receive::Flip && (of.paging == Paging::Shadow || is_emulated(of)))
    runtime::panic("vm%u: receive:flip needs paging:nested and no emulated device", number);
  const u8 sent = of.transmit == Transmit::Map      ? interdomain::kSendMapped
                  : of.transmit == Transmit::Header ? interdomain::kSendHeader
                                                    : u8{0};
  return static_cast<u8>(sent | (of.receive == Receive::Flip ? interdomain::kReceiveFlip : 0) |
                         (of.offload ? interdomain::kOffload : 0));
}

void make_guest(unsigned number) {
  Domain& d = domain(number);
  const MachineConfiguration& of = configuration.machines[number - 1];
  const u64 before = runtime::free_memory_bytes();
  d.kinds = split_kinds(number, of);
  d.manner = manner(number, of);
  d.machine.changes = of.receive == Receive::Flip;
  if (!create(d.machine, number, of, door_of(d, number), kHooks))
    runtime::panic("vm%u: not enough memory for its %u MiB", number, of.memory);
  memory_of[number] = before - runtime::free_memory_bytes();
}

void secondary_main() {
  vendor().enable();
  run_core();
}

}  // namespace

void start_guests() {
  static bool started = false;
  if (__atomic_exchange_n(&started, true, __ATOMIC_SEQ_CST)) return;
  for (unsigned number = 1; number <= configuration.count; ++number) {
    VirtualMachine& machine = domain(number).machine;
    load_or_panic(machine);
    runtime::print("HVLAB vm %u start vcpus=%u memory=%u at=%lu\n", number, machine.count,
                   machine.configuration.memory, runtime::clock::now());
    add_machine(machine);
  }
}

}  // namespace hvlab::driver_domain

void model_main() {
  using namespace hvlab;
  using namespace hvlab::driver_domain;
  begin_image(configuration);
  set_up_cores(configuration);
  set_up_consoles();
  say_ready("driver-domain", scheduler_name());
  begin_machines(configuration.count);
  set_domain_count(configuration.count + 1);
  for (unsigned i = 1; i <= configuration.count; ++i) make_guest(i);
  make_management();
  add_machine(domain(kManagement).machine);
  runtime::start_other_processors(secondary_main);
  run_core();
}
