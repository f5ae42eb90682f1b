// AMD's performance counters (APM vol. 2, 13.2): retired instructions, cycles not halted, and retired
// branches, which the engine steps for. A counter is worked out when somebody asks; all other events count
// nothing, and so does a counter mask above one, since an instruction takes a cycle at least. PERF_CTL's edge
// and inversion are without effect.
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::cpu {

/// How many counters there are: 4, or 6 with the core performance-counter extensions.
inline unsigned performance_counters(const Cpu& cpu) { return cpu.has(Feature::PerfCtrCore) ? 6 : 4; }

/// PERF_CTRn (48 bits) as of now. To be called outside blocks.
u64 read_counter(Cpu& cpu, unsigned n);
void write_counter(Cpu& cpu, unsigned n, u64 value);
/// PERF_CTLn; what is reserved or not modelled and has no bit to keep reads as 0.
void select_event(Cpu& cpu, unsigned n, u64 value);

/// Takes the counts of the context that ends here: to be called whenever the privilege or the side of the
/// world may have changed, and only if a counter is enabled.
void note_context(Cpu& cpu);

/// Time passes without counting from here on (halted), until resume_counting().
void stop_counting(Cpu& cpu);
void resume_counting(Cpu& cpu);

/// Takes the counts up to now, and reports overflows of the counters that want an interrupt to the local
/// APIC.
void take_counts(Cpu& cpu);

/// How many cycles may pass at least before a counter that wants an interrupt overflows (an instruction takes
/// at least one); ~0 if there is none.
u64 until_overflow(const Cpu& cpu);

}  // namespace hvlab::cpu
