// Between the kernel and a program that has a virtual machine (/dev/vm): calls, and what passes between them.
// The program opens /dev/vm for each machine; all calls take that file first. Errors are those of the
// kernel's other calls.
#pragma once

#include "hv-models/devices/access.hpp"

namespace hvlab::kernel {

enum VmCall : long {
  /// (file, number, address, VmWanted*): makes the machine. Its memory is the caller's own at `address`, from
  /// the guest's address 0 on, made by mmap() with MAP_HUGETLB, so that 2 MiB each lie in a row. `number` is
  /// for people: traces and messages. Once.
  kVmMake = 501,
  /// (file, entry, start_info): where the first processor starts (hypervisor/firmware.hpp).
  kVmStart = 502,
  /// (file, processor, VmRun*): runs a virtual processor on the calling thread until it asks for a device, or
  /// the machine
  /// ends. The access that the last call returned is done then; of a read, with what stands in `value`.
  kVmRun = 503,
  /// (file, pin, level): an interrupt line of the machine's IOAPIC.
  kVmLine = 504,
  /// (file, VmSends*): writes to this register are put off.
  kVmCombine = 505,
  /// (file, Access*): the last of the writes that were put off since the last such call: 1 with it, or 0 if
  /// there are none. What they ask for has to be done before any other access.
  kVmTakeSends = 506,
  /// (file, number, VmAttached*): in the management machine of the driver-domain model: a guest that the
  /// hypervisor runs, whose
  /// devices the caller is to have. Its memory is mapped; VmRun then only waits for accesses. Once.
  kVmAttach = 507,
  /// (file, address): a page of the caller's own, on a page's boundary, which becomes the machine's VmPage.
  /// Once.
  kVmShare = 508,
  /// (file, VmKept*): registers of a card that the kernel answers by itself, in place of those named before.
  kVmKeep = 509,
  /// (file, tap, always): of frames that come to this tap VmPage::frames tells, and VmRun returns for them,
  /// so that
  /// nobody has to wait in read(). `always`: it returns for each interrupt that ends the guest. Once.
  kVmListen = 511,
};

struct VmWanted {
  unsigned processors, memory;  // MiB, an even number
  unsigned shadow;              // 1: shadow paging
  unsigned small_pages = 0;     // 1: second-stage tables of pages of 4 KiB
};

/// A register in device memory whose writes only say that there is more to send (send combining). They wait
/// until there are `most` of them, the processor halts or is interrupted, or 100 us have passed.
struct VmSends {
  u64 address;
  unsigned most;  // 0 or 1: none waits
};

/// What kernel and program both look at, each by atomic operations: neither believes the other, and what a
/// program writes here is seen by its own guest alone.
struct VmPage {
  static constexpr unsigned kRegisters = 8;
  u32 registers[kRegisters];  // of VmKept: the model's own, which it has nowhere else
  u32 line;                   // the kernel's: whether the card's line is up
  u32 watched;  // the program's, a bit for each of `registers`: VmRun returns (kLook) when the guest has
                // written it
  u32 frames;   // the kernel's: frames that wait at the tap, so that so many read() do not wait
};

/// What a register does that the kernel keeps. Accesses other than of its 4 bytes are the program's.
enum class VmKeptKind : u32 {
  Plain,  // memory
  Take,   // a read takes all bits back, a write those that it names
  Set,    // a write sets the bits that it names
  Clear,  // a write clears them, a read gives 0
  kCount
};

/// Registers that the kernel keeps, and the line that follows them: up while a bit is in registers[cause] and
/// in registers[mask]. Whoever sets bits there and finds `line` down has to call VmLine, with any level.
struct VmKept {
  static constexpr unsigned kMost = 8;
  struct Row {
    u64 address;
    VmKeptKind kind;
    u32 index;  // in VmPage::registers
  };
  u32 count, pin, cause, mask;
  Row rows[kMost];
};

struct VmAttached {
  unsigned machines, processors, memory;  // of all guests; MiB
  unsigned disk, net;                     // kinds as in hypervisor/configuration.hpp
  u64 address;                            // of its memory in the process
};

struct VmRun {
  /// kLook: the guest asks for nothing, but there are sends that were put off, frames that came, or a
  /// register that is watched has been written.
  enum Reason : unsigned { kAccess, kEnded, kLook };
  Reason reason;
  unsigned status;  // of an end: 0 if the guest has switched itself off
  devices::Access access;
};

}  // namespace hvlab::kernel
