#include "hv-models/kernel/flush.hpp"

#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::kernel {
namespace {

// Asked and done count up: done reaches `asked` as it was when the answer began.
u32 asked[runtime::kMostProcessors], done[runtime::kMostProcessors];

void forget_translations() { runtime::write_cr3(runtime::read_cr3()); }  // all but global pages (4.10.4.1)

void flush_arrived(runtime::TrapFrame&) {
  const unsigned self = runtime::this_processor().index;
  const u32 number = __atomic_load_n(&asked[self], __ATOMIC_ACQUIRE);
  forget_translations();
  __atomic_store_n(&done[self], number, __ATOMIC_RELEASE);
  runtime::apic::end_of_interrupt();
}

}  // namespace

void set_up_flushing() { runtime::set_handler(runtime::kFlushVector, flush_arrived); }

void flush_processors(u32 mask) {
  const unsigned self = runtime::this_processor().index;
  u32 number[runtime::kMostProcessors] = {};
  for (unsigned i = 0; i < runtime::processor_count(); ++i) {
    if ((mask >> i & 1) == 0 || i == self) continue;
    number[i] = __atomic_add_fetch(&asked[i], 1, __ATOMIC_ACQ_REL);
    runtime::apic::send(runtime::processor(i).apic_id, runtime::kFlushVector);
  }
  if ((mask >> self & 1) != 0) forget_translations();
  for (unsigned i = 0; i < runtime::processor_count(); ++i) {
    while (number[i] != 0 && static_cast<i32>(__atomic_load_n(&done[i], __ATOMIC_ACQUIRE) - number[i]) < 0)
      runtime::pause();
  }
}

}  // namespace hvlab::kernel
