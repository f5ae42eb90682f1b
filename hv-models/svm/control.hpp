// The control block of a virtual processor, and what is set in it (APM vol. 2, 15.5; layout in
// sim/arch/svm.hpp).
#pragma once

#include "hv-models/hypervisor/virtual_processor.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "sim/arch/svm.hpp"

namespace hvlab::svm {

inline arch::svm::Vmcb& block(const hypervisor::VirtualProcessor& vcpu) {
  return *static_cast<arch::svm::Vmcb*>(vcpu.control);
}

bool available();
void enable();

bool create(hypervisor::VirtualProcessor& vcpu);
void destroy(hypervisor::VirtualProcessor& vcpu);
void set_protected_mode(hypervisor::VirtualProcessor& vcpu, u32 entry, u32 ebx);
void set_real_mode(hypervisor::VirtualProcessor& vcpu, u8 page);

void run(hypervisor::VirtualProcessor& vcpu, hypervisor::Exit& exit);
/// Makes a neutral exit of what the control block says (exits.cpp).
void describe_exit(hypervisor::VirtualProcessor& vcpu, hypervisor::Exit& exit);

// Events (events.cpp).
bool can_take_interrupt(const hypervisor::VirtualProcessor& vcpu);
void inject_interrupt(hypervisor::VirtualProcessor& vcpu, u8 vector);
void inject_nmi(hypervisor::VirtualProcessor& vcpu);
void inject_exception(hypervisor::VirtualProcessor& vcpu, u8 vector, bool has_error, u32 error);
void ask_for_window(hypervisor::VirtualProcessor& vcpu, u8 vector);
int exception_in_delivery(const hypervisor::VirtualProcessor& vcpu);
void end_shadow(hypervisor::VirtualProcessor& vcpu);
/// An event that was on its way into the guest when it was left goes in again.
void inject_again(hypervisor::VirtualProcessor& vcpu);

void hold_events();
void event_arrived(runtime::TrapFrame& frame);

}  // namespace hvlab::svm
