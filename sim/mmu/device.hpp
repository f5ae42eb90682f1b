// Accesses to what is not RAM: the local APIC's page, else the bus.
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::mmu {

using cpu::Cpu;

/// Reads or writes `bytes` bytes at `physical`, within one page, in naturally aligned pieces of 1, 2, 4 or 8
/// bytes; each is charged and reported.
void device_read(Cpu& cpu, u64 physical, u8* to, unsigned bytes);
void device_write(Cpu& cpu, u64 physical, const u8* from, unsigned bytes);

}  // namespace hvlab::mmu
