// Xen's domains, recognised by the processor's own doings: docs/virtualization.md, "Xen's domains".
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::cpu {

/// Outside guests CR3 is about to become `value`. Recognises Xen by its address space. True: the domain stays
/// the same, so that the new address space is that of a paravirtual guest and not its hypervisor's doing;
/// observers are told of it when the guest is entered.
bool changes_within_domain(Cpu& cpu, u64 value);

/// On a machine that runs Xen, outside guests of SVM and VMX, with privilege level and RIP as they are now:
/// enters or leaves a paravirtual guest, and reports it. True: all that is to be said of a change of rings
/// has been reported.
bool cross_domains(Cpu& cpu);

/// What a paravirtual guest's time is charged to.
observe::Account account_of_domain(const observe::DomainVcpu& vcpu);

}  // namespace hvlab::cpu
