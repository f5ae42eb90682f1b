// The first process, from the kernel's command line.
#include "hv-models/kernel/device_files.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/network_space.hpp"
#include "hv-models/kernel/process_tree.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/panic.hpp"

namespace hvlab::kernel {
namespace {

void begin_first_process(void* line) {
  char words[1100] = {};
  Strings arguments{words};
  for (const char* at = static_cast<const char*>(line); *at != 0 && arguments.length + 2 < sizeof words;
       ++at) {
    if (*at == ' ') continue;
    words[arguments.length++] = *at;
    if (at[1] != ' ' && at[1] != 0) continue;
    words[arguments.length++] = 0;
    ++arguments.count;
  }
  const int result = execute(words, arguments, {}, current_thread().frame());
  if (result < 0) runtime::panic("cannot start %s: error %d", words, result);
  // Returns to begin_thread, and from there to ring 3.
}

}  // namespace

void start_first_process(const char* line) {
  Ref<Container> system = Ref<Container>::take(new (std::nothrow) Container);
  if (system) system->pids = Ref<PidSpace>::take(new (std::nothrow) PidSpace);
  if (system) system->network = system_network();
  Process* process = system && system->pids ? make_process(system) : nullptr;
  Thread* thread = process != nullptr ? create_thread(begin_first_process, const_cast<char*>(line)) : nullptr;
  if (thread == nullptr) runtime::panic("no memory for the first process");
  process->space = Ref<AddressSpace>::take(AddressSpace::create(system));
  process->place.root = root_folder();
  for (int i = 0; i < 3; ++i) process->files.add(open_console());
  publish(*process, *thread, nullptr);
  make_ready(*thread);
}

}  // namespace hvlab::kernel
