// Events into the guest (APM vol. 2, 15.20 and 15.21).
#include "hv-models/svm/control.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::svm {

using namespace arch::svm;
using hypervisor::VirtualProcessor;

namespace {

u64 event_word(event::Type type, u8 vector) {
  return vector | static_cast<u64>(type) << event::kTypeShift | event::kValid;
}

}  // namespace

bool can_take_interrupt(const VirtualProcessor& vcpu) {
  const ControlArea& control = block(vcpu).control;
  return (vcpu.registers.rflags & arch::flag::kIf) != 0 && (control.shadow & kInterruptShadow) == 0 &&
         (control.event_injection & event::kValid) == 0;
}

void inject_interrupt(VirtualProcessor& vcpu, u8 vector) {
  block(vcpu).control.event_injection = event_word(event::Type::Interrupt, vector);
}

void inject_nmi(VirtualProcessor& vcpu) {
  block(vcpu).control.event_injection = event_word(event::Type::Nmi, static_cast<u8>(arch::Exception::Nmi));
}

void inject_exception(VirtualProcessor& vcpu, u8 vector, bool has_error, u32 error) {
  u64 word = event_word(event::Type::Exception, vector);
  if (has_error) word |= event::kErrorValid | u64{error} << event::kErrorShift;
  block(vcpu).control.event_injection = word;
}

int exception_in_delivery(const VirtualProcessor& vcpu) {
  const u64 word = block(vcpu).control.event_injection;
  constexpr u64 kException = static_cast<u64>(event::Type::Exception) << event::kTypeShift;
  if ((word & event::kValid) == 0 || (word & event::kTypeMask) != kException) return -1;
  return static_cast<int>(word & 0xff);
}

// A virtual interrupt that is never delivered: the guest is left as soon as it could be (15.21.4).
void ask_for_window(VirtualProcessor& vcpu, u8 vector) {
  ControlArea& control = block(vcpu).control;
  constexpr unsigned kPriorityShift = 16;
  control.interrupt &= ~(virtual_interrupt::kPriorityMask | virtual_interrupt::kIgnoreTpr);
  control.interrupt |= virtual_interrupt::kIrq | u64{vector} >> 4 << kPriorityShift;
  if (vector == 0) control.interrupt |= virtual_interrupt::kIgnoreTpr;
  control.intercept[static_cast<u64>(Exit::VirtualInterrupt) / 32] |=
      1u << static_cast<u64>(Exit::VirtualInterrupt) % 32;
}

void end_shadow(VirtualProcessor& vcpu) { block(vcpu).control.shadow = 0; }

void inject_again(VirtualProcessor& vcpu) {
  ControlArea& control = block(vcpu).control;
  control.interrupt &= ~virtual_interrupt::kIrq;
  const u64 word = control.exit_interrupt_info;
  // INT n is executed again (15.20).
  constexpr u64 kSoftware = static_cast<u64>(event::Type::Software) << event::kTypeShift;
  if ((word & event::kValid) == 0 || (word & event::kTypeMask) == kSoftware) return;
  control.event_injection = word;
}

}  // namespace hvlab::svm
