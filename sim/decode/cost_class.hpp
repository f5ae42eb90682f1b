// Cost classes: the granularity at which a processor profile says how many cycles an instruction takes.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::decode {

/// One figure of the profile each. An instruction's row in the table names its class; a memory operand adds
/// Load and/or Store on top.
enum class CostClass : u8 {
  Simple,         // move, add, logic, compare, lea, setcc, cmov
  Load,           // added for a memory source operand
  Store,          // added for a memory destination operand
  Shift,          // shifts, rotates, bit tests, bswap
  Multiply,       // integer multiply
  Divide,         // integer divide
  Branch,         // near jumps, taken or not
  CallReturn,     // near call and return
  Stack,          // push, pop, enter, leave, pusha
  StringStart,    // a string instruction, its fixed part
  StringUnit,     // each element of a repeated string instruction (each 16 bytes for MOVS and STOS)
  LockedAtomic,   // added for a locked or exchanging memory operand
  FloatSimple,    // x87 and SSE move, add, compare
  FloatMultiply,  // x87 and SSE multiply
  FloatDivide,    // x87 and SSE divide, square root
  FloatComplex,   // x87 transcendentals, BCD
  Vector,         // MMX and SSE integer
  FarTransfer,    // far jump, call, return; call gate
  InterruptReturn,
  SystemCallEnter,   // SYSCALL, SYSENTER
  SystemCallReturn,  // SYSRET, SYSEXIT
  SegmentLoad,
  ControlRegister,  // moves to and from CRn and DRn
  Msr,              // RDMSR, WRMSR
  Cpuid,
  TimeStamp,  // RDTSC, RDTSCP, RDPMC
  Fence,
  TlbInvalidate,  // INVLPG, INVPCID
  CacheFlush,     // CLFLUSH, WBINVD
  Random,         // RDRAND, RDSEED
  StateSave,      // FXSAVE, FXRSTOR, XSAVE, XRSTOR
  Microcoded,     // the rest
  Count
};

inline constexpr size_t kCostClasses = static_cast<size_t>(CostClass::Count);

}  // namespace hvlab::decode
