// Events into the guest (SDM vol. 3, 25.8.3, 27.6), and events that come before it is entered.
#include "hv-models/runtime/processors.hpp"
#include "hv-models/vmx/control.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"

extern "C" char vmx_entering[], vmx_failed[], vmx_abandoned[];

namespace hvlab::vmx {

using namespace arch::vmx;
using hypervisor::VirtualProcessor;
using interruption::Type;

namespace {

constexpr u32 kShadow = interruptibility::kSti | interruptibility::kMovSs;

u32 event_word(Type type, u8 vector) {
  return vector | static_cast<u32>(type) << interruption::kTypeShift | interruption::kValid;
}

bool arrived[runtime::kMostProcessors] = {};  // an NMI, since hold_events()

}  // namespace

bool can_take_interrupt(const VirtualProcessor& vcpu) {
  const Block& b = block(vcpu);
  return (vcpu.registers.rflags & arch::flag::kIf) != 0 && (b.interruptibility & kShadow) == 0 &&
         (b.event & interruption::kValid) == 0;
}

void inject_interrupt(VirtualProcessor& vcpu, u8 vector) {
  block(vcpu).event = event_word(Type::External, vector);
}

void inject_nmi(VirtualProcessor& vcpu) {
  block(vcpu).event = event_word(Type::Nmi, static_cast<u8>(arch::Exception::Nmi));
}

void inject_exception(VirtualProcessor& vcpu, u8 vector, bool has_error, u32 error) {
  Block& b = block(vcpu);
  b.event = event_word(Type::HardwareException, vector);
  // In real mode exceptions have no error code (27.2.1.3).
  if (has_error && (b.cr0 & arch::cr0::kPe) != 0) b.event |= interruption::kErrorValid;
  b.event_error = error;
}

int exception_in_delivery(const VirtualProcessor& vcpu) {
  const u32 word = block(vcpu).event;
  const bool exception =
      (word & interruption::kValid) != 0 && interruption::type_of(word) == Type::HardwareException;
  return exception ? static_cast<int>(word & 0xff) : -1;
}

// Of a priority that CR8 holds back: once the TPR shadow falls below its class (27.7.7, 30.1.2).
void ask_for_window(VirtualProcessor& vcpu, u8 vector) {
  Block& b = block(vcpu);
  if (vector == 0) b.window = true;
  b.held_class = vector >> 4;
}

void end_shadow(VirtualProcessor& vcpu) { block(vcpu).interruptibility &= ~kShadow; }

void inject_again(VirtualProcessor& vcpu) {
  const u32 word = static_cast<u32>(read(Field::IdtVectoringInfo));
  if ((word & interruption::kValid) == 0) return;
  // Software's events are raised again by their instructions, at which RIP stands.
  const Type type = interruption::type_of(word);
  if (type == Type::Software || type == Type::PrivilegedSoftware || type == Type::SoftwareException) return;
  Block& b = block(vcpu);
  b.event = word & ~interruption::kNmiUnblocking;
  if ((word & interruption::kErrorValid) != 0)
    b.event_error = static_cast<u32>(read(Field::IdtVectoringErrorCode));
  // Virtual-NMI blocking began with the delivery that is done again (27.2.1.3).
  if (type == Type::Nmi) b.interruptibility &= ~interruptibility::kNmi;
}

// NMIs cannot be held off here as AMD's GIF does it. One that comes between this and VM entry is noted, and
// keeps the entry from happening.
void hold_events() { __atomic_store_n(&arrived[runtime::this_processor().index], false, __ATOMIC_SEQ_CST); }

const bool* arrival_flag() { return &arrived[runtime::this_processor().index]; }

void event_arrived(runtime::TrapFrame& frame) {
  __atomic_store_n(&arrived[runtime::this_processor().index], true, __ATOMIC_SEQ_CST);
  const u64 first = reinterpret_cast<u64>(vmx_entering), end = reinterpret_cast<u64>(vmx_failed);
  if (frame.rip >= first && frame.rip < end) frame.rip = reinterpret_cast<u64>(vmx_abandoned);
}

}  // namespace hvlab::vmx
