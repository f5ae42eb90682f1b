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

Mutex output;  // so that a program's long text does not keep interrupts off
runtime::SpinLock input_lock;
WaitQueue input_arrived;
char typed[256];
unsigned taken = 0, stored = 0;

void serial_interrupt(void*) {
  const Hold hold(input_lock);
  for (int byte = serial::read(); byte >= 0; byte = serial::read()) {
    if (stored - taken < sizeof typed)
      typed[stored++ % sizeof typed] = static_cast<char>(byte == '\r' ? '\n' : byte);
  }
  input_arrived.wake_all();
}

}  // namespace

void set_up_console() {
  if (runtime::ioapic::connect(serial::kIrq, serial_interrupt, nullptr)) serial::enable_receive_interrupt();
}

void write_console(const char* bytes, size_t count) {
  constexpr size_t kPart = 16;  // the port's FIFO
  const Hold hold(output);
  for (size_t at = 0; at < count; at += kPart) {
    runtime::write_console(bytes + at, count - at < kPart ? count - at : kPart);
  }
}

void drain_console() {
  const Hold hold(output);
  serial::drain();
}

i64 read_console(char* to, size_t size) {
  const Hold hold(input_lock);
  while (stored == taken) {
    if (input_arrived.wait(input_lock) == WaitResult::Killed) return kInterrupted;
  }
  size_t done = 0;
  while (done < size && stored != taken) to[done++] = typed[taken++ % sizeof typed];
  return static_cast<i64>(done);
}

}  // namespace hvlab::kernel
