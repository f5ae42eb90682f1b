#include "hv-models/hypervisor/image.hpp"

#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/power.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::hypervisor {
namespace {

unsigned running = 0;
int worst_status = 0;

}  // namespace

void begin_image(Configuration& configuration) {
  runtime::set_up_memory();
  runtime::mark<arch::mark::Kind::Hypervisor>();
  const runtime::BootInformation& boot = runtime::boot_information();
  char error[200];
  if (!read_configuration(boot.command_line, configuration, error, sizeof error)) runtime::panic("%s", error);
  if (boot.module_count < 2) runtime::panic("give the guests' kernel and its archive as modules");
  vendor().enable();
}

void say_ready(const char* model, const char* scheduler) {
  runtime::print("HVLAB hypervisor ready model=%s vendor=%s%s%s at=%lu\n", model, vendor().name,
                 scheduler != nullptr ? " scheduler=" : "", scheduler != nullptr ? scheduler : "",
                 runtime::clock::now());
}

void refuse_split_card(unsigned number, const MachineConfiguration& of) {
  if (splits_card(of))
    runtime::panic("vm%u: transmit, receive, offload: only the driver-domain model has split cards", number);
}

void begin_machines(unsigned count) { running = count; }

void machine_ended(const VirtualMachine& machine, u64 memory, int status) {
  runtime::print("HVLAB instance=%u memory=%lu\n", machine.number, memory);
  runtime::print("HVLAB vm %u end status=%d at=%lu\n", machine.number, status, runtime::clock::now());
  if (status != 0) worst_status = status;
  if (__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST) == 0) end_image(worst_status);
}

void end_image(int status) {
  char how[8];
  if (runtime::command_line_value("exit", how, sizeof how) && strcmp(how, "debug") == 0)
    runtime::debug_exit(status == 0 ? 0 : 1);
  runtime::power_off();
}

}  // namespace hvlab::hypervisor
