// The I/O and MSR bitmaps, in the host's memory (SDM vol. 3, 25.6.4 and 25.6.9).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

/// True if bitmap A (ports 0 to 7FFFh) or B exits on an access of `bytes` ports from `port` on, or if they
/// run past FFFFh.
bool port_exits(cpu::Cpu& cpu, u64 bitmap_a, u64 bitmap_b, u16 port, unsigned bytes);

/// True if the page of MSR bitmaps exits on the MSR; those outside its two ranges always do.
bool msr_exits(cpu::Cpu& cpu, u64 bitmaps, u32 number, bool write);

}  // namespace hvlab::vmx
