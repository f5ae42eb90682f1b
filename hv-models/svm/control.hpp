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

// Second-stage tables (tables.cpp).
u64 make_tables();
void free_tables(u64 root);
bool map(u64 root, u64 guest_physical, u64 physical, u64 bytes, u8 rights);
bool unmap(u64 root, u64 guest_physical, u64 bytes);
void flush(hypervisor::VirtualProcessor& vcpu);

// Permission maps (maps.cpp): which ports and MSRs a guest may touch without leaving. Shared by all guests
// that have none of their own.
u64 port_map();
/// Of the management machine: the machine's devices are its own.
u64 privileged_port_map();
u64 msr_map();
/// Of processors that a machine has to itself: their local APICs too, but for what reaches other processors.
u64 direct_msr_map();
u64 make_port_map();
void let_ports_through(u64 map, u16 first, unsigned count);
void hold_events();
void event_arrived(runtime::TrapFrame& frame);

}  // namespace hvlab::svm
