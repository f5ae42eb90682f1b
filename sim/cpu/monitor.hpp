// MONITOR and MWAIT: the watched line, and what ends the wait (SDM vol. 3, 9.10.4).
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::cpu {

/// Watches the 64-byte line of physical `address`: what it holds now is kept for comparison. Outside RAM
/// nothing changes.
inline void arm_monitor(Cpu& cpu, u64 address) {
  cpu.monitor_address = align_down(address, sizeof cpu.monitored);
  cpu.monitor_armed = true;
  const u8* page = cpu.bus->ram_page(align_down(cpu.monitor_address, 4096));
  if (page != nullptr) std::memcpy(cpu.monitored, page + (cpu.monitor_address & 0xFFF), sizeof cpu.monitored);
}

/// True if a processor in Activity::MonitorWait may go on with the next instruction without taking an event:
/// the line was written, or an interrupt waits that the masked flag does not keep out. To be asked whenever
/// others have run. A write that changed nothing does not show; the wait then ends with the next one or the
/// next interrupt, as software that waits this way must expect anyway.
inline bool monitor_wait_over(const Cpu& cpu) {
  if (cpu.activity != Activity::MonitorWait) return false;
  if (cpu.wait_ends_masked && cpu.interrupt_line) return true;
  const u8* page = cpu.bus->ram_page(align_down(cpu.monitor_address, 4096));
  return page != nullptr &&
         std::memcmp(cpu.monitored, page + (cpu.monitor_address & 0xFFF), sizeof cpu.monitored) != 0;
}

inline void end_monitor_wait(Cpu& cpu) {
  cpu.activity = Activity::Active;
  cpu.monitor_armed = false;
}

}  // namespace hvlab::cpu
