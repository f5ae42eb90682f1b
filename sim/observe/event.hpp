// What processors and devices report: one fixed-size record a happening, to one observer.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::observe {

/// The kinds of events. `a` and `b` of the record mean what the comment says.
enum class EventKind : u8 {
  Exception,          // a = vector, b = error code or CR2 for page faults
  Interrupt,          // a = vector accepted from the APIC or PIC
  Nmi,                //
  SoftwareInterrupt,  // a = vector
  RingChange,         // a = old CPL, b = new CPL
  SystemCall,         // a = RAX at SYSCALL/SYSENTER, b = target RIP
  AddressSpace,       // a = new CR3
  Halt,               // a = RFLAGS.IF
  Wake,               //
  PortRead,           // a = port, b = value
  PortWrite,          // a = port, b = value
  MmioRead,           // a = physical address, b = value
  MmioWrite,          // a = physical address, b = value
  Ipi,                // a = ICR low half, b = destination
  Reset,              // a = reason
  Doorbell,           // device: the guest announced work; a = queue or channel, b = detail
  RequestStart,       // device: a = request number, b = bytes (bit 63: to the medium)
  RequestDone,        // device: a = request number, b = bytes
  DmaRead,            // device reads memory: a = address, b = bytes
  DmaWrite,           // device writes memory: a = address, b = bytes
  LineInterrupt,      // a = line, b = level
  MessageInterrupt,   // a = address, b = data
  FrameSent,          // a = bytes
  FrameReceived,      // a = bytes
  Console,            // a = byte written by the guest
  DebugExit,          // a = value
  VmEntry,            // a = the vCPU's control block, b = the VM's root of nested paging (0: none)
  VmExit,             // a = exit code, b = first word of information; the vCPU is that of the last VmEntry
  VmExitDetail,       // a = second word of information, b = cycles that the guest ran; follows its VmExit
  Probe,              // `rip` is one of the addresses asked for; a = RDI, b = RSI
  Mark,        // software marks (docs/marks.md): a = arch::mark::Kind, CPL << 16, in a guest << 18; b = first
               // operand
  MarkDetail,  // a, b = second and third operand; follows its Mark
  Count
};

/// Names of the event kinds, as printed and stored ("exception", "port-read", ...).
const char* name(EventKind kind);

/// Index of a device in the machine's device list; 0 is "no device" (a processor).
using DeviceId = u16;

struct Event {
  Picoseconds time;
  u64 a;
  u64 b;
  u64 rip;  // the instruction at which a processor reports; 0 for devices
  EventKind kind;
  u8 core;  // index of the processor; the one in whose time a device acts
  DeviceId device;
  u32 sequence;  // 0 as reported; the observer may number records
};

/// Takes every event of a run, in the order in which they happen.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_event(const Event& event) = 0;
};

/// What a device holds to report through: stamps time, core and its own id. Copyable; empty = reports
/// nothing.
struct DeviceProbe {
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void device_event(DeviceId device, EventKind kind, u64 a, u64 b) = 0;
  };
  Sink* sink = nullptr;
  DeviceId device = 0;

  void report(EventKind kind, u64 a = 0, u64 b = 0) const {
    if (sink != nullptr) sink->device_event(device, kind, a, b);
  }
};

}  // namespace hvlab::observe
