#include "sim/cpu/performance.hpp"

#include <algorithm>

namespace hvlab::cpu {

namespace {

using Counters = PerformanceCounters;

constexpr unsigned kWidth = 48;
/// PERF_CTL (APM vol. 2, figure 13-3).
constexpr u64 kUser = bit(16), kSystem = bit(17), kInterrupt = bit(20), kEnable = bit(22),
              kGuestOnly = bit(40), kHostOnly = bit(41);
constexpr u64 kKept = (low_mask(36) & ~(bit(19) | bit(21))) | kGuestOnly | kHostOnly;
constexpr u64 kCyclesNotHalted = 0x076, kRetiredInstructions = 0x0C0, kRetiredBranches = 0x0C2;

u64 event_of(u64 select) { return (select & 0xFF) | bits(select, 35, 32) << 8; }

bool counts(const Cpu& cpu, u64 select) {
  const u64 event = event_of(select);
  if (event != kCyclesNotHalted && event != kRetiredInstructions && event != kRetiredBranches) return false;
  if (bits(select, 31, 24) > 1) return false;  // CntMask: nothing happens twice in a cycle here
  if ((select & (cpu.cpl == 3 ? kUser : kSystem)) == 0) return false;
  // Guest-only and host-only want EFER.SVME set; a guest cannot run without.
  const bool in_guest = cpu.guest != nullptr, svme = in_guest || (cpu.efer & arch::efer::kSvme) != 0;
  const u64 sides = select & (kGuestOnly | kHostOnly);
  if (sides == 0) return true;
  return svme && (select & (in_guest ? kGuestOnly : kHostOnly)) != 0;
}

u8 active_now(const Cpu& cpu) {
  u8 active = 0;
  for (unsigned n = 0; n < Counters::kCount; ++n)
    if (test_bit(cpu.performance.enabled, n) && counts(cpu, cpu.performance.select[n]))
      active = static_cast<u8>(active | bit(n));
  return active;
}

u64 passed(const Cpu& cpu, unsigned n) {
  const Counters& p = cpu.performance;
  switch (event_of(p.select[n])) {
    case kRetiredInstructions: return cpu.instructions - p.instructions;
    case kRetiredBranches: return p.retired_branches - p.branches;
    default: return cpu.cycles() - p.cycles;
  }
}

void from_here(Cpu& cpu) {
  cpu.performance.instructions = cpu.instructions;
  cpu.performance.cycles = cpu.cycles();
  cpu.performance.branches = cpu.performance.retired_branches;
}

}  // namespace

void take_counts(Cpu& cpu) {
  Counters& p = cpu.performance;
  bool overflow = false;
  for (unsigned n = 0; n < Counters::kCount; ++n) {
    if (!test_bit(p.active, n)) continue;
    const u64 sum = p.value[n] + passed(cpu, n);
    overflow = overflow || ((sum >> kWidth) != 0 && (p.select[n] & kInterrupt) != 0);
    p.value[n] = sum & low_mask(kWidth);
  }
  from_here(cpu);
  if (overflow && cpu.apic != nullptr) cpu.apic->performance_overflow();
}

void note_context(Cpu& cpu) {
  const u8 active = active_now(cpu);
  if (active == cpu.performance.active) return;  // in the middle of a block, counts are not exact
  take_counts(cpu);
  cpu.performance.active = active;
}

void stop_counting(Cpu& cpu) { take_counts(cpu); }
void resume_counting(Cpu& cpu) { from_here(cpu); }

u64 read_counter(Cpu& cpu, unsigned n) {
  take_counts(cpu);
  return cpu.performance.value[n];
}

void write_counter(Cpu& cpu, unsigned n, u64 value) {
  take_counts(cpu);
  cpu.performance.value[n] = value & low_mask(kWidth);
}

void select_event(Cpu& cpu, unsigned n, u64 value) {
  Counters& p = cpu.performance;
  take_counts(cpu);
  p.select[n] = value & kKept;
  const u64 mask = bit(n);
  p.enabled = static_cast<u8>((value & kEnable) != 0 ? p.enabled | mask : p.enabled & ~mask);
  p.active = active_now(cpu);
  p.counts_branches = false;
  for (unsigned i = 0; i < Counters::kCount; ++i)
    p.counts_branches =
        p.counts_branches || (test_bit(p.enabled, i) && event_of(p.select[i]) == kRetiredBranches);
}

u64 until_overflow(const Cpu& cpu) {
  const Counters& p = cpu.performance;
  u64 least = ~u64{0};
  for (unsigned n = 0; n < Counters::kCount; ++n) {
    if (!test_bit(p.active, n) || (p.select[n] & kInterrupt) == 0) continue;
    const u64 sum = p.value[n] + passed(cpu, n);
    least = std::min(least, (sum >> kWidth) != 0 ? 0 : (u64{1} << kWidth) - sum);
  }
  return least;
}

}  // namespace hvlab::cpu
