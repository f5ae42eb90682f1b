// The architectural state of one processor: plain data, copyable, nothing of the simulator in it.
#pragma once

#include "sim/arch/descriptors.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"
#include "sim/cpu/flags.hpp"

namespace hvlab::cpu {

/// A segment register with its hidden part. The limit is in bytes.
struct SegmentRegister {
  u64 base = 0;
  u32 limit = 0xFFFF;
  u32 attributes = 0;  // arch::attribute
  u16 selector = 0;

  constexpr bool usable() const { return (attributes & arch::attribute::kUnusable) == 0; }
  constexpr u8 dpl() const { return (attributes >> arch::attribute::kDplShift) & 3; }
};

struct DescriptorTableRegister {
  u64 base = 0;
  u16 limit = 0xFFFF;
};

/// An 80-bit floating-point number as it stands in memory.
struct Float80 {
  u64 significand = 0;
  u16 sign_exponent = 0;
};

/// The x87 unit; MMX registers are the significands of the *physical* registers 0..7.
struct X87 {
  Float80 reg[8];        // physical registers; ST(i) = reg[(top + i) & 7]
  u16 control = 0x0040;  // FCW after reset (0x037F after FNINIT)
  u16 status = 0;        // FSW with TOP in bits 13..11
  u8 valid = 0;          // abridged tag word: bit set = physical register not empty
  u16 opcode = 0;        // FOP, 11 bits
  u64 instruction = 0;   // FIP
  u64 data = 0;          // FDP
  u16 instruction_segment = 0, data_segment = 0;

  unsigned top() const { return (status >> 11) & 7u; }
  void set_top(unsigned t) { status = static_cast<u16>((status & ~0x3800u) | ((t & 7u) << 11)); }
  Float80& st(unsigned i) { return reg[(top() + i) & 7u]; }
  const Float80& st(unsigned i) const { return reg[(top() + i) & 7u]; }
  bool empty(unsigned i) const { return ((valid >> ((top() + i) & 7u)) & 1u) == 0; }
};

struct alignas(16) Xmm {
  u64 q[2] = {0, 0};
};

/// What the processor is doing (SDM vol. 3, 25.4.2 names these activity states).
enum class Activity : u8 { Active, Halted, MonitorWait, WaitForSipi, Shutdown };

/// How instructions are interpreted (SDM vol. 3, 2.2).
enum class Mode : u8 { Real, Virtual8086, Protected, Compatibility, Long };

/// Memory-type range registers (SDM vol. 3, 12.11): state that software reads back; RAM is always write-back
/// here.
struct Mtrr {
  static constexpr unsigned kVariable = 8;
  u64 base[kVariable] = {}, mask[kVariable] = {};
  u64 fixed[11] = {};  // 250h, 258h, 259h, 268h..26Fh
  u64 def_type = 0;
};

/// Whose second stage: AMD's nested paging (APM vol. 2, 15.25), or Intel's extended page tables (SDM vol.
/// 3, 29.3).
enum class SecondStageKind : u8 { Npt, Ept };

/// What a processor's EPT can do besides (IA32_VMX_EPT_VPID_CAP: SDM vol. 3, A.10).
struct EptFeatures {
  bool execute_only = false;                // bit 0
  bool pages_2m = false, pages_1g = false;  // bits 16 and 17
  bool advanced_information = false;        // bit 22: violations tell what the guest's tables say of the page
};

/// The second stage of address translation of a guest; set by whoever enters it, for good until the exit.
struct SecondStage {
  bool on = false;
  u64 root = 0;           // physical address of the first table: the nested CR3, or bits 51..12 of the EPTP
  u64 cr4 = 0, efer = 0;  // NPT: of the host, in whose paging mode it is walked (APM vol. 2, 15.25.3)
  SecondStageKind kind = SecondStageKind::Npt;
  // EPT:
  u8 levels = 4;                    // 4 or 5: bits 5..3 of the EPTP, plus 1
  bool accessed_dirty = false;      // bit 6 of the EPTP
  bool mode_based_execute = false;  // "mode-based execute control for EPT"
  bool logs_pages = false;          // "enable PML": cpu::Interceptor::page_dirtied is asked
  EptFeatures ept_features{};

  bool ept() const { return on && kind == SecondStageKind::Ept; }
};

/// AMD's performance counters (APM vol. 2, 13.2): see sim/cpu/performance.hpp.
struct PerformanceCounters {
  static constexpr unsigned kCount = 6;
  u64 select[kCount] = {};  // PERF_CTLn
  u64 value[kCount] = {};   // PERF_CTRn, 48 bits, as of `instructions` and `cycles`
  u64 instructions = 0, cycles = 0, branches = 0;
  u64 retired_branches = 0;  // while ...
  bool counts_branches =
      false;              // ... a counter that is switched on wants them: instructions are stepped then
  u8 enabled = 0;         // bit n: counter n is switched on
  u8 active = 0;          // ... and counts in the present context
  bool user = false;      // the present context: CPL 3 ...
  bool in_guest = false;  // ... of a guest
};

/// State::guest_events.
namespace guest_event {
inline constexpr u32 kEachInstruction = 1;  // "monitor trap flag": kMonitorTrap follows each instruction
inline constexpr u32 kMonitorTrap = 2;      // an MTF VM exit is pending (SDM vol. 3, 26.5.2)
inline constexpr u32 kNmiWindow = 4;        // "NMI-window exiting"
inline constexpr u32 kInterruptWindow = 8;  // "interrupt-window exiting"
inline constexpr u32 kTrap = 16;  // the instruction before asks for a trap-like VM exit (30.1.2, 30.4.3.3):
                                  // the interceptor knows which
// The processor's own:
inline constexpr u32 kTimer = 32;  // the VMX-preemption timer has reached 0: `guest_deadline` is over
inline constexpr u32 kSipi = 64;   // a start-up IPI has arrived in Activity::WaitForSipi: `sipi_vector`
}  // namespace guest_event

struct State {
  u64 gpr[18] = {};  // 16 general registers; [16] always reads 0; [17] see Cpu::block_rip
  u64 rip = 0;
  Flags flags;          // status flags, lazy
  u64 rflags_rest = 0;  // all other bits of RFLAGS, in place (bit 1 not included)

  SegmentRegister seg[6];  // arch::Segment
  SegmentRegister ldtr, tr;
  DescriptorTableRegister gdtr, idtr;
  u64 cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, efer = 0;
  u64 pdpte[4] = {};  // loaded with CR3 under PAE paging
  u64 dr[4] = {}, dr6 = arch::dr6::kFixed1, dr7 = arch::dr7::kFixed1;
  u64 xcr0 = arch::xcr0::kX87, xss = 0;

  X87 x87;
  Xmm xmm[16];
  u32 mxcsr = arch::mxcsr::kReset;

  u64 star = 0, lstar = 0, cstar = 0, fmask = 0, kernel_gs_base = 0, tsc_aux = 0;
  u64 sysenter_cs = 0, sysenter_esp = 0, sysenter_eip = 0;
  u64 pat = 0x0007'0406'0007'0406, misc_enable = 0x1801, tsc_offset = 0, tsc_adjust = 0;
  // Branch records (APM vol. 2, 13.1.1): the last transfer of control, and the one before the last interrupt.
  u64 last_branch_from = 0, last_branch_to = 0, last_interrupt_from = 0, last_interrupt_to = 0;
  PerformanceCounters performance;
  u64 debug_ctl = 0, microcode_signature = 0, mcg_status = 0, mcg_ctl = 0, mc_ctl[6] = {};
  u64 vm_cr = 0, vm_hsave_pa = 0, svm_key = 0;  // AMD SVM (APM vol. 2, 15.30)
  u64 spec_ctrl = 0, mcu_opt_ctrl = 0, power_ctl = 0;
  u64 hwcr = u64{1} << 24;  // AMD's: TscFreqSel, the TSC counts at the P0 frequency
  u64 amd_config[16] = {};  // MSRs C0011020h..C001102Fh: settings of units that are not modelled
  u64 cpuid_mask[4] = {~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}};  // MSRs C0011002h..C0011005h
  Mtrr mtrr;

  u8 cpl = 0;
  Mode mode = Mode::Real;
  Activity activity = Activity::Active;

  // Events that wait for an instruction boundary.
  bool interrupt_line = false;  // INTR
  bool nmi_pending = false, nmi_blocked = false;
  bool nmi_latched = false;  // another one came when the pending one could have been taken
  bool init_pending = false;
  bool smi_pending = false;
  bool sipi_pending = false;  // arrived behind an INIT that has not been taken yet
  u8 sipi_vector = 0;
  bool sti_shadow = false;     // interrupts held off for one instruction after STI
  bool mov_ss_shadow = false;  // interrupts, NMI and debug exceptions held off after MOV SS, POP SS
  u64 pending_debug = 0;       // DR6 bits of debug exceptions that wait for the boundary (traps)
  u64 monitor_address = 0;     // physical address armed by MONITOR; valid if monitor_armed
  u8 monitored[64] = {};       // what stood there then
  bool monitor_armed = false;
  bool wait_ends_masked = false;  // MWAIT: an interrupt ends the wait even with IF clear

  // Virtualization.
  bool gif = true;                 // AMD's global interrupt flag: clear, it holds off INTR, NMI, SMI and INIT
  bool virtual_interrupt = false;  // one waits for the guest to take interrupts
  bool host_masks = false;         // in a guest whose physical interrupts obey host_if, not RFLAGS.IF
  bool host_if = false;
  bool hypervisor =
      false;  // since the last exit the host has had neither another address space nor user mode
  bool management = false;   // the guest is the management VM
  u32 asid = 0;              // address-space identifier: 0 is the host; VMX: see sim/mmu/vpid.hpp
  u64 guest_tsc_offset = 0;  // added to the time stamp in a guest
  u64 tsc_ratio =
      u64{1} << 32;  // by which a guest's time stamp is scaled first: 8.32 bits (APM vol. 2, 15.30.5)
  u64 ignne = 0;     // MSR C0010115h
  SecondStage second_stage;

  // Intel's VMX (SDM vol. 3, chapters 24 to 26).
  u64 feature_control = 0;  // IA32_FEATURE_CONTROL
  bool vmx_operation =
      false;  // between VMXON and VMXOFF: CR0 and CR4 have fixed bits, INIT waits outside guests
  // What VM entry sets for the guest and VM exit takes back; outside guests and in AMD's as it is here.
  u64 cr0_mask = 0,
      cr0_shadow = 0;  // guest/host mask: bits that read as the shadow's and are not the guest's to write
  u64 cr4_mask = 0, cr4_shadow = 0;
  u64 guest_tsc_multiplier = u64{1} << 48;  // "use TSC scaling": 16.48 bits; AMD's is `tsc_ratio`
  static constexpr u64 kNoDeadline = ~u64{0};
  u64 guest_deadline = kNoDeadline;  // the cycle at which the VMX-preemption timer reaches 0
  u32 guest_events = 0;      // guest_event bits: what the hypervisor waits for at instruction boundaries
  bool exits_first = false;  // a VM exit comes before all exceptions but those of fetch, undefined opcode and
                             // privilege (SDM vol. 3, 26.1.1), and before #DB changes DR6, DR7 and DEBUGCTL
                             // (28.1); AMD's is after most (APM vol. 2, table 15-7 and 15.12.2)
  bool unrestricted = false;         // "unrestricted guest": PE and PG of CR0 are not fixed
  bool virtual_nmis = false;         // `nmi_blocked` is virtual-NMI blocking and holds no physical NMI off
  bool iret_keeps_blocking = false;  // IRET leaves `nmi_blocked` alone ("NMI exiting" without "virtual NMIs")
  bool nmi_unblocked =
      false;  // an IRET has ended `nmi_blocked` and then faulted: until the fault is delivered

  static constexpr u64 kNoPage = ~u64{0};
  /// VMX: the APIC-access page, a physical address (SDM vol. 3, 30.4): reads and writes of it are asked about
  /// (cpu::Interceptor::apic_access).
  /// Change it before mmu::select_address_space().
  u64 apic_access_page = kNoPage;
};

}  // namespace hvlab::cpu
