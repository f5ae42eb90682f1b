#include "hv-models/runtime/interrupts.hpp"

#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/segments.hpp"
#include "sim/arch/descriptors.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/base/bits.hpp"

extern "C" char interrupt_vectors[];  // vectors.S: 16 bytes a vector
extern "C" void interrupt_arrived(hvlab::runtime::TrapFrame* frame);

namespace hvlab::runtime {
namespace {

constexpr unsigned kVectors = 256, kExceptions = 32, kStubBytes = 16;

struct Gate {
  u64 low, high;
};
Gate table[kVectors];
Handler handlers[kVectors];
Handler after_interrupt = nullptr;

Gate gate(unsigned vector) {
  const u64 offset = reinterpret_cast<u64>(interrupt_vectors + vector * kStubBytes);
  const bool own_stack = vector == static_cast<unsigned>(arch::Exception::DoubleFault);
  const u64 attributes = u64{arch::attribute::kPresent} | static_cast<u8>(arch::SystemType::InterruptGate);
  return {bits(offset, 15, 0) | u64{kKernelCode} << 16 | u64{own_stack ? kDoubleFaultStack : 0u} << 32 |
              attributes << 40 | bits(offset, 31, 16) << 48,
          offset >> 32};
}

}  // namespace

void set_handler(u8 vector, Handler handler) { handlers[vector] = handler; }
void set_after_interrupt(Handler handler) { after_interrupt = handler; }

void load_interrupt_table() {
  struct [[gnu::packed]] {
    u16 limit;
    u64 base;
  } const table_register = {sizeof table - 1, reinterpret_cast<u64>(table)};
  for (unsigned i = 0; i < kVectors; ++i) table[i] = gate(i);
  asm volatile("lidt %0" ::"m"(table_register));
}

}  // namespace hvlab::runtime

void interrupt_arrived(hvlab::runtime::TrapFrame* frame) {
  using namespace hvlab::runtime;
  const Handler handler = handlers[frame->vector & 0xff];
  if (handler != nullptr) {
    handler(*frame);
  } else if (frame->vector < kExceptions) {
    panic_at(*frame, "exception without a handler");
  }
  if (after_interrupt != nullptr) after_interrupt(*frame);
}
