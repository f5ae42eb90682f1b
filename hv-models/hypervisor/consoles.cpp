#include "hv-models/hypervisor/consoles.hpp"

#include "hv-models/hypervisor/configuration.hpp"
#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::hypervisor {
namespace {

struct Line {
  char text[512];
  size_t length;
  bool ended = false;  // and printed, since waits_for_console() was asked
} lines[hypervisor::kMostMachines + 1];

runtime::SpinLock waiting_lock;
VirtualProcessor* waiting[kMostMachines * kMostVirtualProcessors];
unsigned waiting_count = 0;

void go_on() {
  VirtualProcessor* all[sizeof waiting / sizeof *waiting];
  unsigned count = 0;
  {
    const runtime::Hold hold(waiting_lock);
    for (; waiting_count > 0; --waiting_count) all[count++] = waiting[waiting_count - 1];
  }
  while (count > 0) complete_access(*all[--count], 0);
}

void print_line(unsigned number, bool several, const char* text) {
  constexpr char kMark[] = "HVLAB ";
  if (number == 0) {
    runtime::print("management: %s\n", text);
  } else if (!several) {
    runtime::print("%s\n", text);
  } else if (memcmp(text, kMark, sizeof kMark - 1) == 0) {
    runtime::print("HVLAB instance=%u %s\n", number, text);
  } else {
    runtime::print("vm%u: %s\n", number, text);
  }
}

}  // namespace

void console_byte(unsigned number, bool several, u8 byte) {
  Line& line = lines[number];
  if (byte == '\r') return;
  if (byte != '\n' && line.length < sizeof line.text - 1) {
    line.text[line.length++] = static_cast<char>(byte);
    return;
  }
  line.text[line.length] = 0;
  print_line(number, several, line.text);
  line.length = 0;
  line.ended = true;
}

void set_up_consoles() { runtime::buffer_console(go_on); }

bool waits_for_console(VirtualProcessor& vcpu) {
  bool& ended = lines[vcpu.machine->number].ended;
  if (!ended) return false;
  ended = false;
  const runtime::Hold hold(waiting_lock);
  if (!runtime::console_is_behind()) return false;  // else go_on() comes later
  waiting[waiting_count++] = &vcpu;
  return true;
}

}  // namespace hvlab::hypervisor
