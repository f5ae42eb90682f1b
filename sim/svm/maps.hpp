// The permission maps of ports and MSRs, in the host's memory (APM vol. 2, 15.10.1 and 15.11).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::svm {

/// True if the map at `map` (its low 12 bits count as 0) intercepts an access of `bytes` ports from `port`
/// on.
bool port_intercepted(cpu::Cpu& cpu, u64 map, u16 port, unsigned bytes);

/// True if the map at `map` intercepts the MSR; those outside its three ranges always are.
bool msr_intercepted(cpu::Cpu& cpu, u64 map, u32 number, bool write);

}  // namespace hvlab::svm
