#include "hv-models/runtime/spin_lock.hpp"

#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/processors.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::runtime {

void enter_no_interrupts() {
  const bool were_on = (read_flags() & arch::flag::kIf) != 0;
  interrupts_off();
  Processor& self = this_processor();
  if (self.no_interrupts++ == 0) self.interrupts_were_on = were_on;
}

void leave_no_interrupts() {
  Processor& self = this_processor();
  if (--self.no_interrupts == 0 && self.interrupts_were_on) interrupts_on();
}

void SpinLock::lock() {
  enter_no_interrupts();
  const u32 ticket = __atomic_fetch_add(&next_ticket_, 1, __ATOMIC_RELAXED);
  while (__atomic_load_n(&now_serving_, __ATOMIC_ACQUIRE) != ticket) pause();
}

void SpinLock::unlock() {
  __atomic_store_n(&now_serving_, now_serving_ + 1, __ATOMIC_RELEASE);
  leave_no_interrupts();
}

}  // namespace hvlab::runtime
