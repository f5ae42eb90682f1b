// The monolithic hypervisor's beginning: virtual machines as the command line says, then every processor runs
// them.
#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/consoles.hpp"
#include "hv-models/hypervisor/cores.hpp"
#include "hv-models/hypervisor/image.hpp"
#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/monolithic/disks.hpp"
#include "hv-models/monolithic/network.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::monolithic {
namespace {

using namespace hypervisor;

Configuration configuration;
VirtualMachine machines[kMostMachines];
u64 memory_of[kMostMachines] = {};  // bytes that each machine has taken, with all that is kept for it

// The devices are here, and answer at once.
bool access(void* board, VirtualProcessor& vcpu, Access& access) {
  static_cast<devices::Board*>(board)->access(access);
  return !waits_for_console(vcpu);
}

u8* find_memory(void* context, u64 address, u64 bytes) {
  return static_cast<u8*>(static_cast<VirtualMachine*>(context)->memory.at(address, bytes));
}
void change_line(void* context, unsigned pin, bool level) {
  set_line(*static_cast<VirtualMachine*>(context), pin, level);
}
void put_console(void* context, char byte) {
  console_byte(static_cast<VirtualMachine*>(context)->number, configuration.count > 1, static_cast<u8>(byte));
}

devices::Board* make_board(VirtualMachine& machine, unsigned number, const MachineConfiguration& of) {
  devices::BoardConfiguration board = {};
  board.memory = {find_memory, &machine};
  board.lines = {change_line, &machine, 0};
  board.console = {put_console, &machine};
  board.disk = disk_part(machine, number);
  board.ide = of.disk == DiskKind::Ide && board.disk.sectors != 0;
  board.virtio_block = of.disk == DiskKind::Virtio && board.disk.sectors != 0;
  board.wire = wire_of(number);
  board.e1000 = of.net == NetworkKind::E1000;
  board.virtio_network = of.net == NetworkKind::Virtio;
  return new (std::nothrow) devices::Board(board);
}

void ended(VirtualMachine& machine, int status) {
  report_times(machine);
  machine_ended(machine, memory_of[machine.number - 1], status);
}

void afterwards(VirtualProcessor& vcpu) {
  auto& board = *static_cast<devices::Board*>(vcpu.machine->door.context);
  if (board.is_late()) {
    const runtime::Hold hold(vcpu.machine->lock);
    board.catch_up();
  }
  deliver_frames();
}
i64 hypercall(VirtualProcessor&, u64, u64, u64, u64) { return kUnknownCall; }
u32 features(const VirtualMachine&) { return kHasStealTime; }

constexpr ModelHooks kHooks = {.kick = kick,
                               .ended = ended,
                               .hypercall = hypercall,
                               .interrupt_ended = nullptr,
                               .map_memory = nullptr,
                               .afterwards = afterwards,
                               .features = features};

void make_machine(unsigned number, const runtime::BootModule& kernel, const runtime::BootModule& archive) {
  VirtualMachine& machine = machines[number - 1];
  const MachineConfiguration& of = configuration.machines[number - 1];
  const char* message = "";
  const u64 before = runtime::free_memory_bytes();
  if (of.disk == DiskKind::Pv || of.net == NetworkKind::Pv)
    runtime::panic("vm%u: pv devices are the driver-domain model's; here they are called virtio", number);
  refuse_split_card(number, of);
  if (saves_world_switches(of))
    runtime::panic("vm%u: sends, registers, frames: the hosted model's, here no access is a change of worlds",
                   number);
  devices::Board* board = make_board(machine, number, of);
  if (board == nullptr || !create(machine, number, of, {access, board}, kHooks))
    runtime::panic("vm%u: not enough memory for its %u MiB", number, of.memory);
  if (of.net != NetworkKind::None) connect(machine, *board, number);
  if (!load(machine, runtime::direct<const u8>(kernel.address), kernel.bytes,
            runtime::direct<const u8>(archive.address), archive.bytes, message))
    runtime::panic("vm%u: %s", number, message);
  memory_of[number - 1] = before - runtime::free_memory_bytes();
  runtime::print("HVLAB vm %u start vcpus=%u memory=%u at=%lu\n", number, machine.count,
                 configuration.machines[number - 1].memory, runtime::clock::now());
}

void secondary_main() {
  vendor().enable();
  run_core();
}

}  // namespace
}  // namespace hvlab::monolithic

void model_main() {
  using namespace hvlab;
  using namespace hvlab::monolithic;
  begin_image(configuration);
  set_up_cores(configuration);
  set_up_consoles();
  say_ready("monolithic", scheduler_name());
  begin_machines(configuration.count);
  find_disk(configuration.count);
  find_card();
  const runtime::BootModule* modules = runtime::boot_information().modules;
  for (unsigned i = 1; i <= configuration.count; ++i) make_machine(i, modules[0], modules[1]);
  runtime::start_other_processors(secondary_main);
  for (unsigned i = 0; i < configuration.count; ++i) add_machine(machines[i]);
  run_core();
}
