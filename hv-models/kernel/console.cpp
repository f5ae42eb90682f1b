#include "hv-models/kernel/console.hpp"

#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/mutex.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/serial_port.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;
namespace serial = runtime::serial;

Mutex output;  // whose text goes out
runtime::SpinLock port_lock;
WaitQueue input_arrived, port_empty;
bool connected = false, waits_for_empty = false;
char typed[256];
unsigned taken = 0, stored = 0;

void serial_interrupt(void*) {
  const Hold hold(port_lock);
  for (int byte = serial::read(); byte >= 0; byte = serial::read()) {
    if (stored - taken < sizeof typed)
      typed[stored++ % sizeof typed] = static_cast<char>(byte == '\r' ? '\n' : byte);
  }
  input_arrived.wake_all();
  if (!waits_for_empty || !serial::is_empty()) return;
  waits_for_empty = false;
  serial::enable_interrupts(true, false);
  port_empty.wake_all();
}

// A line takes milliseconds at the port's speed: others run meanwhile.
void wait_for_room() {
  const Hold hold(port_lock);
  waits_for_empty = true;
  serial::enable_interrupts(true, true);
  while (waits_for_empty) port_empty.wait(port_lock, Waiting::UntilDone);
}

}  // namespace

void set_up_console() {
  connected = runtime::ioapic::connect(serial::kIrq, serial_interrupt, nullptr);
  if (connected) serial::enable_interrupts(true, false);
}

void write_console(const char* bytes, size_t count) {
  const Hold hold(output);
  if (!connected) return runtime::write_console(bytes, count);
  for (size_t at = runtime::offer_console(bytes, count); at < count;
       at += runtime::offer_console(bytes + at, count - at))
    wait_for_room();
}

void drain_console() {
  const Hold hold(output);
  serial::drain();
}

i64 read_console(char* to, size_t size) {
  const Hold hold(port_lock);
  while (stored == taken) {
    if (input_arrived.wait(port_lock) == WaitResult::Killed) return kInterrupted;
  }
  size_t done = 0;
  while (done < size && stored != taken) to[done++] = typed[taken++ % sizeof typed];
  return static_cast<i64>(done);
}

}  // namespace hvlab::kernel
