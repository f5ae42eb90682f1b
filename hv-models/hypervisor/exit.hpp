// Why a guest was left, without the vendor: what a control block says in AMD's words or Intel's becomes one
// of these.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

enum class ExitKind : u8 {
  Interrupt,  // the machine's own, which the host takes as soon as its interrupts are on
  Window,     // the guest can take an interrupt now
  Port,       // IN, OUT, INS, OUTS
  Memory,     // an access to guest-physical memory that is not there
  Cpuid,
  ReadMsr,
  WriteMsr,
  Halt,
  Hypercall,
  Pause,     // a loop that waits for another processor
  WriteCr3,  // shadow paging: CR0, CR3 and CR4, and what the guest's page tables say
  WriteCr,
  ReadCr,
  InvalidatePage,
  PageFault,
  Forbidden,  // what no guest may do; it gets an invalid-opcode exception
  Shutdown,   // a triple fault
  Invalid,    // the processor refuses the guest's state
  Unknown,
  Count
};

struct Exit {
  ExitKind kind = ExitKind::Unknown;
  u64 reason = 0;    // the vendor's number, for messages
  u64 next_rip = 0;  // behind the instruction; 0 if that is not known
  // Port
  u16 port = 0;
  u8 bytes = 0;          // 1, 2, 4
  u8 address_bytes = 0;  // INS and OUTS: 2, 4, 8
  u8 segment = 0;        // OUTS: 0 to 5, ES, CS, SS, DS, FS, GS
  bool input = false, string = false, repeated = false;
  // Memory (guest-physical), PageFault and InvalidatePage (guest-virtual)
  u64 address = 0;
  bool write = false, fetch = false;
  bool tables = false;  // the guest's own page tables could not be read
  u64 error = 0;        // a page fault's error code
  // Accesses to control registers
  u8 control = 0, general = 0;  // numbers
  // The instruction's first bytes, as far as the processor has kept them.
  u8 fetched = 0;
  u8 instruction[15] = {};
};

}  // namespace hvlab::hypervisor
