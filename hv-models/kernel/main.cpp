// The kernel's beginning: each part in the order in which the next needs it, then the first process.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/kernel/archive.hpp"
#include "hv-models/kernel/attack_hypervisor.hpp"
#include "hv-models/kernel/back_ends.hpp"
#include "hv-models/kernel/bridge.hpp"
#include "hv-models/kernel/console.hpp"
#include "hv-models/kernel/device_files.hpp"
#include "hv-models/kernel/disk.hpp"
#include "hv-models/kernel/faults.hpp"
#include "hv-models/kernel/flush.hpp"
#include "hv-models/kernel/kernel_map.hpp"
#include "hv-models/kernel/machine_end.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/memory_files.hpp"
#include "hv-models/kernel/network_space.hpp"
#include "hv-models/kernel/path.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/kernel/steal_time.hpp"
#include "hv-models/kernel/system_calls.hpp"
#include "hv-models/kernel/vm_machine.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/power.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/processors.hpp"
#include "hv-models/runtime/start.hpp"

namespace hvlab::kernel {
namespace {

void join() {
  set_up_system_calls();
  enable_guests();
  join_scheduler();
  join_steal_time();
}

void secondary_main() {
  join();
  idle();
}

void set_up_files() {
  root_folder() = make_memory_folder();
  if (!root_folder()) runtime::panic("no memory for the root folder");
  unpack_archive();
  make_device_files();
  find_disks();
}

// What "run=" says; a host of virtual machines begins with the program that has them, which reads the line
// itself.
void choose_first_process(char* to, size_t size) {
  char model[16];
  if (runtime::command_line_value("model", model, sizeof model) && strcmp(model, "hosted") == 0) {
    runtime::format_text(to, size, "/bin/vmm %s", runtime::boot_information().command_line);
  } else {
    runtime::command_line_value("run", to, size, true);
  }
}

}  // namespace

void end_machine(int status) {
  report_steal_time();
  runtime::print("HVLAB kernel end status=%d at=%lu\n", status, runtime::clock::now());
  char how[8];
  if (runtime::command_line_value("exit", how, sizeof how) && strcmp(how, "debug") == 0) {
    runtime::debug_exit(status == 0 ? 0 : 1);
  }
  runtime::power_off();
}

}  // namespace hvlab::kernel

void model_main() {
  using namespace hvlab;
  using namespace hvlab::kernel;
  runtime::set_up_memory();
  attack_if_asked();
  protect_kernel();
  set_up_faults();
  set_up_flushing();
  join();
  set_up_console();
  runtime::start_other_processors(secondary_main);
  drop_low_addresses();
  drivers::set_up_channels();
  set_up_files();
  if (!system_network()) runtime::panic("no memory for the network");
  find_network_card();
  make_taps();
  make_steal_device();
  make_vm_device();
  serve_machines();
  char first[1040] = "/bin/init";
  choose_first_process(first, sizeof first);
  runtime::print("HVLAB kernel ready processors=%u memory=%lu free=%lu at=%lu\n", runtime::processor_count(),
                 total_memory_bytes(), free_memory_bytes(), runtime::clock::now());
  start_first_process(first);
  idle();
}
