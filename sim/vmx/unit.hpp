// VMX of one processor: what VMXON to VMXOFF keep, VM entry, VM exit, and what the processor asks while a
// guest runs (SDM vol. 3, chapters 24 to 31).
#pragma once

#include "sim/arch/vmx.hpp"
#include "sim/arch/vmx_exit.hpp"
#include "sim/control/events.hpp"
#include "sim/cpu/cpu.hpp"
#include "sim/vmx/checks.hpp"

namespace hvlab::vmx {

using arch::vmx::Control;
using arch::vmx::ExitReason;
using arch::vmx::Field;
using arch::vmx::Vmcs;
using cpu::Cpu;
using cpu::Delivery;
using decode::Intercept;
using decode::Op;
using decode::Outcome;

/// Why a guest is left: what goes to the VM-exit information fields (SDM vol. 3, 25.9). What a reason does
/// not define is 0.
struct Leaving {
  ExitReason reason = ExitReason::ExceptionOrNmi;
  u64 qualification = 0;
  u64 guest_linear = 0, guest_physical = 0;
  u32 interruption_info = 0, interruption_error = 0;
  u32 instruction_length = 0, instruction_info = 0;
  /// RFLAGS.RF in the guest's state (28.3.3).
  enum class Rf : u8 { AsItWas, Clear, Set } rf = Rf::AsItWas;
};

/// What is known of the guest in progress besides the processor's own state and its VMCS: plain, copyable.
struct Guest {
  arch::vmx::Controls controls{};  // as read at VM entry
  u64 entered = 0;                 // cycle of the last VM entry
  u64 eptp = 0;                    // with EPT: the EPT pointer in use
  u16 vpid = 0;                    // with "enable VPID": the field's value
  static constexpr u64 kNoPause = ~u64{0};
  u64 first_pause = 0, last_pause = kNoPause;  // PAUSE-loop exiting (26.1.3): cycles
  u64 timer_start = 0;                         // time stamp at which the VMX-preemption timer began ...
  u32 timer_value = 0;                         // ... to count down from here
  bool was_nmi_blocked = false;                // the host's blocking by NMI, for entries that fail
  // guest_event::kTrap: what the VM exit is to tell.
  ExitReason trap = ExitReason::TprBelowThreshold;
  u64 trap_qualification = 0;
};

/// A VM entry that has failed.
struct Refusal {
  Verdict verdict{};
  u64 vmcs = arch::vmx::kNoVmcs;  // the current-VMCS pointer then
  u64 cycle = 0;
};

class Unit final : public cpu::Interceptor {
 public:
  u64 vmxon_pointer = arch::vmx::kNoVmcs;  // physical address that VMXON was given
  u64 current = arch::vmx::kNoVmcs;        // the current-VMCS pointer (25.1)

  /// VMLAUNCH and VMRESUME once their own checks are done (27.1): checks controls, host and guest state, and
  /// goes on in the guest, or behind the instruction with VMfailValid, or at the host's RIP with a VM exit
  /// for a failed entry (27.8).
  void enter(Cpu& cpu, bool launch);

  /// VM exit (chapter 28): guest state, exit information and MSRs are stored, the host's state is loaded.
  void leave(Cpu& cpu, const Leaving& why);

  /// From now on guest-physical addresses go through the tables of `eptp`, and cached translations are tagged
  /// with them and Guest::vpid: at VM entry with "enable EPT", and when the guest switches (26.5.6.3). What
  /// else State::second_stage has stays.
  void use_eptp(Cpu& cpu, u64 eptp);

  /// A trap-like VM exit is to follow the instruction in progress: TPR below threshold, virtualized EOI, APIC
  /// write (30.1.2, 30.1.4, 30.4.3.3).
  void trap(Cpu& cpu, ExitReason reason, u64 qualification);

  const Guest& guest() const { return guest_; }
  /// The last VM entry that failed, for people who want to know why: see Verdict. Pass: none has.
  const Refusal& refused() const { return refused_; }
  /// The VMX-abort indicator (28.7) behind Activity::Shutdown; 0: there has been no VMX abort.
  u32 aborted() const { return aborted_; }
  bool has(Control c) const { return guest_.controls.has(c); }
  /// The current VMCS.
  Vmcs& vmcs(Cpu& cpu);

  // cpu::Interceptor
  Outcome instruction(Cpu& cpu, Intercept what, u64 information) override;
  Outcome control_read(Cpu& cpu, unsigned number) override;
  Outcome control_write(Cpu& cpu, unsigned number, u64 value) override;
  Outcome debug_access(Cpu& cpu, unsigned number, bool write) override;
  Outcome port(Cpu& cpu, const cpu::PortAccess& access) override;
  Outcome msr(Cpu& cpu, u32 number, bool write) override;
  Outcome task_switch(Cpu& cpu, const cpu::TaskSwitchAccess& access) override;
  bool exception(Cpu& cpu, const Delivery& event) override;
  bool shutdown(Cpu& cpu) override;
  bool boundary(Cpu& cpu, cpu::Boundary what) override;
  void virtual_interrupt(Cpu& cpu) override;
  bool page_dirtied(Cpu& cpu, u64 guest_physical) override;
  cpu::ApicAnswer apic_access(Cpu& cpu, const cpu::ApicPageAccess& access) override;
  void apic_perform(Cpu& cpu, const cpu::ApicPageAccess& access, u64& value) override;
  bool read_task_priority(const Cpu& cpu, u64& value) override;
  bool write_task_priority(Cpu& cpu, u64 value) override;

 private:
  // entry.cpp
  void note(const Cpu& cpu, const Verdict& verdict);
  void fail_entry(Cpu& cpu, ExitReason reason, const Verdict& verdict);
  bool begin(Cpu& cpu, bool launch);
  void set_door(Cpu& cpu, const Vmcs& vmcs);
  void start_timer(Cpu& cpu, u32 value);
  void set_second_stage(Cpu& cpu, const Vmcs& vmcs);
  u64 intercept_mask() const;
  u64 undefined_mask() const;
  // exit.cpp
  void write_information(Cpu& cpu, Vmcs& vmcs, const Leaving& why);
  void save_non_registers(Cpu& cpu, Vmcs& vmcs, const Leaving& why);
  void to_host(Cpu& cpu, bool nmi_blocked, u64 stored);
  void abort(Cpu& cpu, u32 indicator);
  u32 timer_left(const Cpu& cpu) const;
  // intercepts.cpp
  Outcome leave_at(Cpu& cpu, ExitReason reason, u64 qualification = 0);
  Outcome leave_at(Cpu& cpu, Leaving why);
  bool pause_exits(Cpu& cpu);
  bool cr3_target(Cpu& cpu, u64 value);
  // events.cpp
  bool second_stage_fault(Cpu& cpu);
  bool convert(Cpu& cpu, const Leaving& why);

  Guest guest_;
  Settled settled_;
  Refusal refused_;
  u32 aborted_ = 0;
  Vmcs nowhere_;  // stands for regions that are not in RAM
  friend Vmcs& region_at(Unit& unit, Cpu& cpu, u64 address);
};

/// The VMX unit of a processor that has one.
inline Unit& unit_of(Cpu& cpu) { return static_cast<Unit&>(*cpu.virtualization); }

/// The VMCS region at `address` (page-aligned), in RAM; what is not RAM reads as all ones.
Vmcs& region_at(Unit& unit, Cpu& cpu, u64 address);
/// To be called after writing to it.
void region_written(Cpu& cpu, u64 address);

}  // namespace hvlab::vmx
