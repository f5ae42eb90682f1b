// The door to virtualization: what a processor asks while it runs a guest. The rooms of AMD's SVM and Intel's
// VMX stand behind it; instruction handlers know neither.
#pragma once

#include "sim/cpu/delivery.hpp"
#include "sim/decode/intercept.hpp"
#include "sim/decode/op.hpp"

namespace hvlab::cpu {

struct Cpu;

/// One access to port space, as a hypervisor sees it.
struct PortAccess {
  u16 port = 0;
  u8 bytes = 1;
  bool input = false, string = false, repeated = false;
  u8 address_bytes = 8;
  u8 segment = 0;
};

/// A task switch that is about to begin.
struct TaskSwitchAccess {
  u16 selector = 0;
  bool by_iret = false, by_jump = false;
  bool by_gate = false;  // through the IDT: Cpu::delivering is the event. None of the three: CALL
  bool resumes = false;  // RFLAGS.RF as the outgoing task would have saved it
};

/// A linear access to the APIC-access page (SDM vol. 3, 30.4), or its part in that page.
struct ApicPageAccess {
  u64 linear = 0;
  u16 offset = 0;  // in the page
  u8 bytes = 4;    // 1 to 16
  bool write = false;
};

/// What becomes of it.
enum class ApicAnswer : u8 {
  Memory,   // it goes to the page itself, as if that were no APIC-access page
  Virtual,  // the interceptor does it: see Interceptor::apic_perform
  Exit,     // an APIC-access VM exit
};

/// What may happen at an instruction boundary. Those from Sipi on are VMX's alone: see State::guest_events
/// and State::guest_deadline; nothing comes of them but the VM exit. Sipi: the vector is State::sipi_vector.
enum class Boundary : u8 {
  Init,
  Smi,
  Nmi,
  Interrupt,
  Sipi,
  Trap,
  MonitorTrap,
  Timer,
  NmiWindow,
  InterruptWindow
};

/// In a guest (Cpu::guest is not null) the processor asks before it does what a hypervisor may intercept: see
/// State::exits_first for what is checked before.
/// Outcome::Next: go on; Outcome::World: the guest has been left, the processor stands in the hypervisor.
/// Called outside blocks only, with Cpu::rip at the instruction in progress and Cpu::current its operation.
class Interceptor {
 public:
  virtual ~Interceptor() = default;

  /// An instruction whose bit in Cpu::intercepted is set. `information`: INVLPG, INVLPGA: the linear address;
  /// MWAIT: 1 if the monitor is armed. (MovToDr, MovFromDr: see debug_access.)
  virtual decode::Outcome instruction(Cpu& cpu, decode::Intercept what, u64 information) = 0;

  /// MOV to and from CR0..CR8, SMSW, LMSW and CLTS. `value` is what would be written, after its checks; with
  /// State::exits_first it is the operand itself (of LMSW 16 bits, of CLTS CR0 without TS), before them. The
  /// bits of State::cr0_mask and cr4_mask are the caller's business: they read as the shadow's and keep their
  /// value when the register is written.
  virtual decode::Outcome control_read(Cpu& cpu, unsigned number) = 0;
  virtual decode::Outcome control_write(Cpu& cpu, unsigned number, u64 value) = 0;
  /// MOV to and from DRn, after the checks of the number, DR7.GD and the value. VMX's exit comes before all
  /// of them, and that of privilege (SDM vol. 3, 26.1.3): Intercept::MovToDr and MovFromDr; the numbers of
  /// the registers are Op::reg's.
  virtual decode::Outcome debug_access(Cpu& cpu, unsigned number, bool write) = 0;
  virtual decode::Outcome port(Cpu& cpu, const PortAccess& access) = 0;
  /// RDMSR and WRMSR. Outcome::Exit: the interceptor has done the instruction in the registers (x2APIC
  /// virtualization: SDM vol. 3, 30.5); Fault: it has raised one.
  virtual decode::Outcome msr(Cpu& cpu, u32 number, bool write) = 0;
  virtual decode::Outcome task_switch(Cpu& cpu, const TaskSwitchAccess& access) = 0;

  /// An exception, or (event.nested: see Cpu::fault) a fault of the second stage of paging, before anything
  /// of it is noted in registers (but see State::exits_first); the event being delivered, if there is one, is
  /// Cpu::delivering. INT3, INTO and INT1 are asked about as well, by their source. True: the guest has been
  /// left, or another event has been delivered instead.
  virtual bool exception(Cpu& cpu, const Delivery& event) = 0;
  /// A third fault. True: the guest has been left; else the processor shuts down.
  virtual bool shutdown(Cpu& cpu) = 0;

  /// `what` waits and may be taken now. True: it is not the guest's: as a rule the guest has been left. An
  /// interrupt still waits then, unless the interceptor has acknowledged it; so does all that SVM leaves a
  /// guest for. Of VMX's the processor takes back what was pending, and after an NMI's exit holds further
  /// ones off (SDM vol. 3, 26.2).
  virtual bool boundary(Cpu& cpu, Boundary what) = 0;
  /// Cpu::virtual_interrupt is set and the guest takes interrupts: leaves the guest, or gives it the
  /// interrupt.
  virtual void virtual_interrupt(Cpu& cpu) = 0;

  // The next three are VMX's.

  /// EPT with PML: the dirty flag of the entry that maps `guest_physical` (a multiple of 4096) is about to be
  /// set. False: the log is full, and the access must not happen. May be called inside a block, with Cpu::rip
  /// anywhere: writes the log and its index, nothing else.
  virtual bool page_dirtied(Cpu&, [[maybe_unused]] u64 guest_physical) { return true; }

  /// Decides about a read or write of State::apic_access_page; changes nothing (an instruction may look at
  /// what it will write before it reads). Fetches from the page always exit and are not asked about; nor are
  /// accesses of page walks. ApicAnswer::Exit becomes a fault (NestedFault::ApicAccess) that comes back
  /// through exception().
  virtual ApicAnswer apic_access(Cpu&, const ApicPageAccess&) { return ApicAnswer::Memory; }
  /// Reads into or writes from `value` (at most 8 bytes) what apic_access() has answered Virtual to.
  virtual void apic_perform(Cpu&, const ApicPageAccess&, [[maybe_unused]] u64& value) {}

  /// CR8 of a guest. False: the guest has none of its own, the local APIC's holds.
  virtual bool read_task_priority(const Cpu& cpu, u64& value) = 0;
  virtual bool write_task_priority(Cpu& cpu, u64 value) = 0;
};

}  // namespace hvlab::cpu
