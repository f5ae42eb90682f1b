#include "hv-models/user/vmm/machine.hpp"

#include "hv-models/hypervisor/firmware.hpp"
#include "hv-models/user/library/text.hpp"
#include "hv-models/user/vmm/door.hpp"

namespace vmm {

using namespace hvlab;
using user::Hold;
using user::print;

bool Machine::fail(const char* what, long result) const {
  print("vmm: vm%ld: %s (%ld)\n", long{number_}, what, result);
  return false;
}

void Machine::set_line(void* machine, unsigned pin, bool level) {
  vm_line(static_cast<Machine*>(machine)->file_, pin, level);
}

devices::BoardConfiguration Machine::board_configuration() {
  devices::BoardConfiguration board = {};
  board.memory = {[](void* self, u64 address, u64 bytes) {
                    const Machine& machine = *static_cast<Machine*>(self);
                    const bool there =
                        address < machine.memory_bytes_ && bytes <= machine.memory_bytes_ - address;
                    return there ? machine.memory_ + address : nullptr;
                  },
                  this};
  board.lines = {set_line, this, 0};
  board.console = {[](void* console, char byte) { static_cast<Console*>(console)->put(byte); }, &console_};
  return board;
}

bool Machine::set_up(const FileBytes& kernel, const FileBytes& archive) {
  memory_bytes_ = uint64_t{configuration_.memory} << 20;
  const long memory = user::map_blocks(memory_bytes_);
  if (memory < 0) return fail("no memory", memory);
  memory_ = reinterpret_cast<uint8_t*>(memory);
  const hypervisor::GuestTarget target{[](void* to, u64 address, const void* from, u64 bytes) {
                                         memcpy(static_cast<uint8_t*>(to) + address, from, bytes);
                                       },
                                       memory_, memory_bytes_};
  char line[hypervisor::kCommandLineBytes];
  write_command_line(configuration_, number_, line);
  hypervisor::GuestStart start;
  const char* mistake = load_guest({kernel.bytes, kernel.size, archive.bytes, archive.size, line},
                                   configuration_.vcpus, target, start);
  if (mistake != nullptr) return fail(mistake);
  const long file = user::open("/dev/vm", user::kReadWrite);
  if (file < 0) return fail("this machine has no /dev/vm: its processors cannot run guests", file);
  file_ = static_cast<int>(file);
  const kernel::VmWanted wanted = {configuration_.vcpus, configuration_.memory,
                                   configuration_.paging == hypervisor::Paging::Shadow ? 1u : 0u};
  const long made = vm_make(file_, number_, memory, wanted);
  if (made < 0) return fail("the kernel makes no virtual machine", made);
  const long started = vm_start(file_, start.entry, start.start_info);
  return started >= 0 || fail("the virtual machine does not start", started);
}

void Machine::run_thread(void* processor) {
  const Processor& p = *static_cast<Processor*>(processor);
  p.machine->run_processor(p.index);
}

// In the guest as long as it asks for no device.
void Machine::run_processor(unsigned index) {
  kernel::VmRun run = {};
  for (;;) {
    const long result = vm_run(file_, index, run);
    if (result < 0 || run.reason == kernel::VmRun::kEnded) {
      const Hold hold(mutex_);
      status_ = result < 0 ? static_cast<int>(-result) : static_cast<int>(run.status);
      ended_ = true;
      changed_.wake_all();
      return;
    }
    const Hold hold(mutex_);
    board_.access(run.access);
  }
}

int Machine::wait_for_end() {
  const Hold hold(mutex_);
  while (!ended_) changed_.wait(mutex_);
  console_.flush();
  return status_;
}

int Machine::run(const FileBytes& kernel, const FileBytes& archive) {
  if (!set_up(kernel, archive)) return 1;
  print("HVLAB vm %ld start vcpus=%ld memory=%ld\n", long{number_}, long{configuration_.vcpus},
        long{configuration_.memory});
  for (unsigned i = 0; i < configuration_.vcpus; ++i) {
    processors_[i] = {this, i};
    if (const long thread = user::start_thread(run_thread, &processors_[i]); thread < 0) {
      fail("no thread for a virtual processor", thread);
      return 1;
    }
  }
  const int status = wait_for_end();
  print("HVLAB vm %ld end status=%ld at=%ld\n", long{number_}, long{status}, user::nanoseconds());
  return status;
}

}  // namespace vmm
