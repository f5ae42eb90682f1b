// Shadow paging: without a second stage, the hypervisor makes the tables that the processor walks
// (shadow_tables.hpp), and the guest's control registers are values that it keeps for the guest
// (Registers::cr0, cr3, cr4, efer).
#pragma once

#include "hv-models/hypervisor/shadow_tables.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

struct ShadowPaging {
  ShadowTables tables;
  u64 cr0 = ~u64{0}, cr4 = ~u64{0}, efer = ~u64{0};  // the guest's, for which the processor is set up
  bool select = true;                                // the guest has loaded CR3
};

/// False without memory.
bool create_shadow(VirtualProcessor& vcpu);
void destroy_shadow(VirtualProcessor& vcpu);

/// Before each entry: what the guest has done to its control registers takes effect.
void prepare_shadow(VirtualProcessor& vcpu);

/// The control registers' rules (SDM vol. 3, 2.5 and 4.1.2). False: #GP.
bool set_cr0(VirtualProcessor& vcpu, u64 value);
bool set_cr3(VirtualProcessor& vcpu, u64 value);
bool set_cr4(VirtualProcessor& vcpu, u64 value);

}  // namespace hvlab::hypervisor
