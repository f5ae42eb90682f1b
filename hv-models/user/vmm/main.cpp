// vmm WORDS [-- GUEST'S COMMAND LINE]...: the virtual machines that the words name
// (docs/teaching-hypervisors.md), each in a process of its own; ends when the last one has.
#include <new>

#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"
#include "hv-models/user/vmm/door.hpp"
#include "hv-models/user/vmm/machine.hpp"

using namespace hvlab;
using namespace user;
using namespace vmm;

namespace {

constexpr const char* kKernel = "/guest/kernel.elf";
constexpr const char* kArchive = "/guest/programs.tar";

// The words as one line again.
const char* join(int count, char** words) {
  static char line[1024];
  size_t length = 0;
  for (int i = 1; i < count; ++i) {
    for (const char* at = words[i]; *at != 0 && length + 2 < sizeof line; ++at) line[length++] = *at;
    if (i + 1 < count && length + 2 < sizeof line) line[length++] = ' ';
  }
  line[length] = 0;
  return line;
}

bool read_file(const char* path, FileBytes& to) {
  const long file = open(path, kReadOnly);
  const long size = file < 0 ? file : seek_end(static_cast<int>(file));
  const long place = size < 0 ? size : map_memory(static_cast<size_t>(size) + 1);
  if (place < 0) {
    print("vmm: %s: error %ld\n", path, place);
    return false;
  }
  to = {reinterpret_cast<const uint8_t*>(place), static_cast<uint64_t>(size)};
  for (long done = 0; done < size;) {
    const long got = pread(static_cast<int>(file), reinterpret_cast<char*>(place) + done,
                           static_cast<size_t>(size - done), done);
    if (got <= 0) {
      print("vmm: %s: error %ld\n", path, got);
      return false;
    }
    done += got;
  }
  close(static_cast<int>(file));
  return true;
}

int run_machine(unsigned index, const hypervisor::Configuration& configuration) {
  FileBytes kernel, archive;
  if (!read_file(kKernel, kernel) || !read_file(kArchive, archive)) return 1;
  alignas(Machine) static char place[sizeof(Machine)];
  Machine* machine = new (place) Machine(index + 1, configuration.count, configuration.machines[index]);
  return machine->run(kernel, archive);
}

// In a group of its own, whose memory is what the machine needs: the guest's, as far as it was touched, and
// this program.
int run_measured(unsigned index, const hypervisor::Configuration& configuration) {
  if (const long result = contain(Limits{}, kSameNumbers); result < 0) return 1;
  const long id = fork();
  if (id == 0) exit(run_machine(index, configuration));
  int status = 0;
  if (id < 0 || wait(id, &status) != id) return 1;
  print("HVLAB instance=%ld memory=%ld\n", long{index} + 1, most_memory());
  return status == 0 ? 0 : 1;
}

// A guest of the hypervisor that this kernel is the management machine of; returns at once for one whose
// devices are not emulated.
int serve_machine(unsigned number) {
  kernel::VmAttached attached = {};
  const int file = static_cast<int>(open("/dev/vm", kReadWrite));
  if (file < 0 || vm_attach(file, number, attached) < 0) return 0;
  static hypervisor::MachineConfiguration configuration;
  configuration.vcpus = attached.processors;
  configuration.memory = attached.memory;
  configuration.disk = static_cast<hypervisor::DiskKind>(attached.disk);
  configuration.net = static_cast<hypervisor::NetworkKind>(attached.net);
  if (configuration.disk == hypervisor::DiskKind::Pv) configuration.disk = hypervisor::DiskKind::None;
  if (configuration.net == hypervisor::NetworkKind::Pv) configuration.net = hypervisor::NetworkKind::None;
  alignas(Machine) static char place[sizeof(Machine)];
  return (new (place) Machine(number, attached.machines, configuration))
      ->serve(file, reinterpret_cast<uint8_t*>(attached.address));
}

// One process for each; this one stays, since the machine ends with its first program.
int manage() {
  for (unsigned number = 1; number <= hypervisor::kMostMachines; ++number) {
    if (fork() == 0) exit(serve_machine(number));
  }
  for (;;) sleep_milliseconds(1'000'000);
}

}  // namespace

int main(int count, char** words) {
  if (count == 2 && strcmp(words[1], "--management") == 0) return manage();
  static hypervisor::Configuration configuration;
  char error[200];
  if (!read_configuration(join(count, words), configuration, error, sizeof error)) {
    print("vmm: %s\n", error);
    return 2;
  }
  for (unsigned i = 0; i < configuration.count; ++i) {
    if (!splits_card(configuration.machines[i])) continue;
    print("vmm: vm%ld: transmit, receive, offload: only the driver-domain model has split cards\n",
          long{i} + 1);
    return 2;
  }
  print("HVLAB hypervisor ready model=hosted machines=%ld at=%ld\n", long{configuration.count},
        nanoseconds());
  for (unsigned i = 0; i < configuration.count; ++i) {
    const long id = fork();
    if (id == 0) exit(run_measured(i, configuration));
    if (id < 0) {
      print("vmm: no process for vm%ld: error %ld\n", long{i} + 1, id);
      return 1;
    }
  }
  int status = 0, worst = 0;
  while (wait(-1, &status) > 0) {
    if (status != 0) worst = 1;
  }
  return worst;
}
