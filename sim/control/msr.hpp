// Model-specific registers: one table, one row per register or range (SDM vol. 4; APM vol. 2, appendix A).
#pragma once

#include <span>

#include "sim/cpu/cpu.hpp"

namespace hvlab::control {

using cpu::Cpu;

/// RDMSR and WRMSR of `address`. False: #GP(0), because there is no such register or the value breaks its
/// rules.
bool read_msr(Cpu& cpu, u32 address, u64& value);
bool write_msr(Cpu& cpu, u32 address, u64 value);

/// A register, or the registers first..last that behave alike.
struct MsrRow {
  u32 first = 0, last = 0;
  const char* name = "";
  bool (*exists)(const Cpu&) = nullptr;
  bool (*read)(Cpu&, u32 address, u64& value) = nullptr;
  bool (*write)(Cpu&, u32 address, u64 value) = nullptr;
  const char* source = "";
};

/// The whole table, by ascending address, for tests and for printing names.
std::span<const MsrRow> msr_rows();
/// The register's name, or nullptr.
const char* msr_name(const Cpu& cpu, u32 address);

/// IA32_TIME_STAMP_COUNTER now, as the program reads it: in a guest scaled and offset (SDM vol. 3, 26.3; APM
/// vol. 2, 15.30.5); and the processor's own.
u64 time_stamp(const Cpu& cpu);
u64 host_time_stamp(const Cpu& cpu);

}  // namespace hvlab::control
