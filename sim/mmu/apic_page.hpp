// VMX's APIC-access page (SDM vol. 3, 30.4): State::apic_access_page. No soft bank holds it: its interceptor
// decides about each access.
#pragma once

#include "sim/mmu/access.hpp"

namespace hvlab::mmu {

inline bool in_apic_access_page(const Cpu& cpu, u64 physical) {
  return align_down(physical, 4096) == cpu.apic_access_page;
}

/// Raises the APIC-access VM exit of an access by guest-physical address: it is never virtualized (30.4.6.1).
void apic_access_fault(Cpu& cpu, u64 guest_physical);
/// ... of a fetch.
Outcome apic_fetch_fault(Cpu& cpu, u64 linear);

/// Asks what becomes of a read or write of `access.bytes` bytes (in one page), outside blocks. Fault: it
/// exits.
Outcome ask_apic_access(Cpu& cpu, const cpu::ApicPageAccess& access, bool& is_virtual);

/// Does a read or write that is virtual.
void apic_perform(Cpu& cpu, const cpu::ApicPageAccess& access, void* bytes);

}  // namespace hvlab::mmu
