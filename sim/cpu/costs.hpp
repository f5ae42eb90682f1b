// What things cost besides instructions, in cycles: copied from the processor profile, so that this room and
// those above timing need not know it.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::cpu {

struct Costs {
  u32 page_walk_reference = 0;
  u32 exception_delivery = 0, interrupt_delivery = 0;
  u32 port_access = 0, mmio_access = 0, apic_access = 0;
  u32 vm_entry = 0, vm_exit = 0;  // between host and guest
  u32 msr_area_entry = 0;         // each MSR that VMX loads or stores on the way
  u32 string_unit = 0;  // each element of a repeated string instruction; each 16 bytes for MOVS and STOS
};

/// What CPUID says about the processor besides its features.
struct Identity {
  char vendor[13] = "AuthenticAMD";
  char brand[48] = "";
  u32 family = 23, model = 49, stepping = 0;
  u32 physical_address_bits = 40;
  u64 frequency_hz = 3'000'000'000;
  u64 crystal_hz = 0;  // what feeds the APIC timer; Intel's CPUID leaf 15h tells it: the core crystal clock
};

}  // namespace hvlab::cpu
