// Power-up, INIT and start-up of a processor (SDM vol. 3, 10.1 and 9.4).
#pragma once

#include "sim/execute/processor.hpp"

namespace hvlab::execute {

/// Copies what the profile says into the processor: identity, features, costs; and its wiring.
void configure(cpu::Cpu& cpu, const Processor::Setup& setup);

/// The state after power-up (SDM vol. 3, table 10-1). Processor 0 begins at the reset vector, the others wait
/// for SIPI.
void power_up(cpu::Cpu& cpu);

/// The state after INIT: as after power-up, but x87, SSE, MSRs, TSC and the cache bits of CR0 keep their
/// values.
void init_reset(cpu::Cpu& cpu);

/// Begins at vector * 1000h in real mode.
void start_up(cpu::Cpu& cpu, u8 vector);

}  // namespace hvlab::execute
