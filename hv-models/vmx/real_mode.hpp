// Real mode with shadow paging. AMD's processors page in real mode too (APM vol. 2, 15.19); Intel's want PE
// with PG, and let a guest be without PE only under EPT ("unrestricted guest"). So as long as PE is clear
// such a guest has a second stage that maps all its memory, and no first one.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/vmx/control.hpp"

namespace hvlab::vmx {

/// With the VMCS as the current one, before control registers are written to it: makes the tables when PE is
/// clear, drops them when it is set. True: PE is clear. Panics on a processor without unrestricted guests.
bool follow_real_mode(hypervisor::VirtualProcessor& vcpu);
void leave_real_mode(Block& b);

}  // namespace hvlab::vmx
