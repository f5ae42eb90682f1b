// A virtual processor: its registers while it does not run, its local APIC, and what the vendor's part keeps
// for it.
#pragma once

#include "hv-models/hypervisor/exit.hpp"
#include "hv-models/hypervisor/local_apic.hpp"
#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

struct VirtualMachine;
struct Vendor;
struct ShadowPaging;

/// What the vendor's part copies out of its control block after an exit, and into it before an entry.
struct Registers {
  u64 gpr[16] = {};  // in encoding order
  u64 rip = 0, rflags = 2;
  u64 cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, efer = 0;
  u64 segment_base[6] = {};  // in encoding order; to look at only
  u8 cpl = 0;
  bool long_code = false, wide_code = false;  // CS.L, CS.D
};

/// Device accesses of one instruction, which somebody else may answer later (device_door.hpp). The exit is
/// then handled again, and what has been answered is not asked again.
struct PendingAccess {
  static constexpr unsigned kMost = 2;  // an instruction reads, and then writes
  bool waiting = false;                 // until complete_access()
  unsigned answered = 0;                // so many of `values` are there
  unsigned next = 0;                    // while the exit is being handled: the next one
  u64 values[kMost] = {};
};

struct VirtualProcessor {
  VirtualMachine* machine = nullptr;
  unsigned number = 0;  // of its machine, from 0; also its APIC's id
  Registers registers;
  LocalApic apic;
  PendingAccess access;
  Exit exit;                       // the last one
  bool unfinished = false;         // it has to be handled (again) before the guest goes on
  bool started = false;            // has had its start-up message, or is the first
  bool halted = false;             // in HLT, until an interrupt
  bool nmi = false;                // one is pending
  void* control = nullptr;         // the vendor's
  u64 control_address = 0;         // the control block's physical address
  ShadowPaging* shadow = nullptr;  // null with nested paging
  u64 steal_page = 0;              // guest-physical address of its StealPage, 0: none
  unsigned core = 0;               // where it ran last
  bool stale = false;              // what the processor remembers of its translations is out of date
  bool inside = false;             // some processor is in the guest, or about to be
  u32 handled = 0;                 // odd while the hypervisor does something for it
  volatile bool kicked = false;    // there is something to look at before it goes on
  alignas(16) u8 fpu[512] = {};    // FXSAVE image while another one has the processor's
};

/// What processors remember of its translations is out of date. Not at once: it may be running, and on
/// another processor.
inline void mark_stale(VirtualProcessor& vcpu) { __atomic_store_n(&vcpu.stale, true, __ATOMIC_SEQ_CST); }
/// Before an entry, with `inside` set: whether it has to be forgotten, which is then taken as done.
bool take_stale(VirtualProcessor& vcpu);
/// Tells who watches the machine whose control block this is (docs/marks.md).
void mark_control_block(const VirtualProcessor& vcpu);

}  // namespace hvlab::hypervisor
