// Why a virtual processor was left, without vendor: what svm/ and vmx/ make of their exit codes. From
// here on there is one handler each (exits.cpp).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

enum class ExitKind : u8 {
  Interrupt,       // something for the host: an interrupt or NMI, handled once the host's interrupts are on
  Window,          // the guest can take an interrupt now
  Halt,            // HLT
  Pause,           // too many PAUSEs close together
  Cpuid,           // CPUID
  ReadMsr,         // RDMSR; the register's number is in RCX
  WriteMsr,        // WRMSR
  Port,            // IN, OUT, INS, OUTS
  Memory,          // an access to physical memory that is not mapped, or not so
  Hypercall,       // VMMCALL, VMCALL
  PageFault,       // with shadow paging: #PF
  ReadControl,     // with shadow paging: MOV from a control register
  WriteControl,    // with shadow paging: MOV to a control register
  InvalidatePage,  // with shadow paging: INVLPG
  WriteXcr,        // XSETBV
  Forbidden,       // an instruction that this virtual processor does not have
  Nothing,         // one that has no effect here (INVD, WBINVD)
  Shutdown,        // a triple fault
  Unknown,         // anything else
  Count
};

struct Exit {
  ExitKind kind = ExitKind::Unknown;
  u8 length = 0;  // of the instruction, in bytes; 0: not known
  // Port
  u16 port = 0;
  u8 bytes = 0;  // of one access: 1, 2, 4
  bool write = false, string = false, repeated = false;
  u8 address_bytes = 8, segment = 3;  // of INS and OUTS: segment as encoded
  // Memory, PageFault, InvalidatePage
  u64 address = 0;  // physical; of PageFault and InvalidatePage linear
  u32 error = 0;    // as a page fault's error code
  // ReadControl, WriteControl
  u8 control = 0, gpr = 0;
  // As the processor said it, for reports.
  u64 code = 0, info1 = 0, info2 = 0;
};

/// For reports and statistics.
const char* name(ExitKind kind);

}  // namespace hvlab::hypervisor
