// The few segments that 64-bit mode still needs (SDM vol. 3, 3.2.4, 7.7).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime {

// SYSCALL and SYSRET fix the order: kernel code, kernel data; user data, user code (SDM vol. 2, SYSRET).
inline constexpr u16 kKernelCode = 0x08, kKernelData = 0x10, kUserData = 0x18 | 3, kUserCode = 0x20 | 3,
                     kTaskState = 0x28;

/// 64-bit task-state segment (SDM vol. 3, figure 7-11).
struct [[gnu::packed]] TaskState {
  u32 reserved1;
  u64 stack[3];  // RSP for entries to rings 0 to 2
  u64 reserved2;
  u64 interrupt_stack[7];  // IST1 to IST7
  u64 reserved3;
  u16 reserved4, io_map;
};
static_assert(sizeof(TaskState) == 104);

struct Segments {
  alignas(8) u64 gdt[7] = {};
  TaskState task = {};
  alignas(16) u8 double_fault_stack[4096] = {};

  /// Loads them on the calling processor.
  void load();
};

inline constexpr u8 kDoubleFaultStack = 1;  // IST1

}  // namespace hvlab::runtime
