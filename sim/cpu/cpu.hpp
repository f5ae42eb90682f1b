// A processor as instruction handlers see it: architectural state plus the engine's few words.
#pragma once

#include <bitset>
#include <cstring>

#include "sim/arch/cpuid.hpp"
#include "sim/arch/features.hpp"
#include "sim/arch/vmx.hpp"
#include "sim/cpu/costs.hpp"
#include "sim/cpu/interceptor.hpp"
#include "sim/cpu/soft_tlb.hpp"
#include "sim/cpu/state.hpp"
#include "sim/decode/op.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/ledger.hpp"
#include "sim/observe/vmm_spaces.hpp"
#include "sim/ports/code_guard.hpp"
#include "sim/ports/local_apic.hpp"
#include "sim/ports/physical_memory.hpp"

namespace hvlab::mmu {
class Tlb;
}
namespace hvlab::decode {
struct Block;
struct JumpEntry;
}  // namespace hvlab::decode

namespace hvlab::cpu {

using arch::Feature;
using arch::FeatureSet;
using decode::Op;
using decode::Outcome;

/// What has stopped an access behind the guest's own tables.
enum class NestedFault : u8 {
  PageFault,         // AMD's nested paging: `error` is of a page fault
  Violation,         // EPT (SDM vol. 3, 29.3.3.2)
  Misconfiguration,  // EPT (29.3.3.1)
  LogFull,           // the page-modification log has no room (29.3.6)
  ApicAccess,        // the APIC-access page, where the access may not be virtualized (30.4)
};

/// The exception that the instruction in progress raised.
struct Fault {
  arch::Exception vector = arch::Exception::InvalidOpcode;
  bool has_error = false;
  u32 error = 0;
  u64 address = 0;           // CR2 of a page fault
  u64 debug_bits = 0;        // DR6 bits of a debug exception
  bool canonical = false;    // a #GP for a non-canonical address: #SS if it was the stack segment's
  bool nested = false;       // not the guest's: see `nested_fault`; `address` is guest-physical
  bool nested_walk = false;  // ... met while reading the guest's page tables, not at the address they gave
  NestedFault nested_fault = NestedFault::PageFault;
  bool convertible = false;  // a violation that may become #VE: bit 63 of the EPT entry is clear (25.5.7.1)
  /// What the VM exit tells: table 28-7 for violations (but for bit 12, NMI unblocking), table 28-6 for the
  /// APIC-access page, else 0.
  u64 qualification = 0;
  u64 linear = 0;  // the guest-linear address, where the exit tells it: 0 for loads of PDPTEs
};

/// Which soft-TLB bank serves an access.
enum BankIndex : u8 {
  kBankUser,          // CPL 3
  kBankSupervisor,    // CPL 0..2, or an implicit supervisor access: user pages barred if SMAP is on
  kBankSupervisorAc,  // CPL 0..2 with RFLAGS.AC set (or SMAP off): user pages open
  kBankNever,         // never filled: every access takes the slow path (alignment checks, data breakpoints)
  kBanks
};

struct Cpu : State {
  // --- the engine ---
  SoftBank* bank = nullptr;  // the bank for data accesses of the current privilege
  SoftBank* fetch_bank = nullptr;
  u64 instructions = 0;                 // retired
  u64 limit = 0;                        // the run in progress ends at this cycle
  i64 budget = 0;                       // limit minus cycles spent, while not inside a block
  u64 extra = 0;                        // cycles charged by slow paths, not yet taken from the budget
  u64 fetch_page = SoftEntry::kNoTag;   // linear page that instructions are being fetched from ...
  u64 fetch_addend = 0;                 // ... and its host address - linear address
  const Op* left_op = nullptr;          // where the last block was left (nullptr: after its end)
  decode::Block** link_slot = nullptr;  // the link of that block that the next block belongs in
  decode::JumpEntry* jumps = nullptr;   // decode::kJumpEntries of them
  Fault fault;
  Outcome left = Outcome::Next;     // how the last block was left
  u8 denied = 0;                    // decode::need bits that the current state forbids
  u8 reported_cpl = 0;              // the CPL that observers know
  bool spun = false;                // a PAUSE was executed in this run
  bool spin_ends_run = false;       // the run ends behind a PAUSE
  bool stepping = false;            // outside blocks: device accesses and charges may happen in place
  bool shadowed = false;            // the instruction being stepped stands in an interrupt shadow ...
  bool shadowed_by_mov_ss = false;  // ... which MOV SS or POP SS has left
  bool is_delivering = false;       // `delivering` is on its way to its handler, or a fault has stopped it
  Delivery delivering;
  const Op* current = nullptr;  // the operation being stepped
  u64 intercepted = 0;  // decode::intercept_bit of what the guest's hypervisor intercepts; 0 outside guests
  u64 undefined = 0;    // ... of what is #UD in this guest whatever else ("enable RDTSCP", "enable INVPCID",
                        // "enable VM functions" clear: SDM vol. 3, 26.3); 0 outside guests
  Interceptor* guest = nullptr;           // null outside guests
  Interceptor* virtualization = nullptr;  // what `guest` becomes: SVM or VMX of this processor, if it has one
  u8 index = 0;                           // number of this processor; its initial APIC id
  u8 count = 1;                           // processors in the machine
  SoftBank* banks[kBanks] = {};

  ProcessorBus* bus = nullptr;
  LocalApicPort* apic = nullptr;
  observe::Observer* observer = nullptr;
  observe::CoreLedger* ledger = nullptr;
  observe::VmmView vmm;
  observe::DomainVcpu* domain = nullptr;  // the paravirtual guest that is running ...
  u64 domain_entered = 0;                 // ... since this cycle
  u64 code_left = 0;                      // RIP before the last far transfer
  Costs costs;
  Identity identity;
  mmu::Tlb* tlb = nullptr;
  CodeGuard* code = nullptr;
  FeatureSet features;
  arch::vmx::Capabilities vmx;  // of a processor with Feature::Vmx
  u64* latest_cycle = nullptr;  // see execute::Processor::Setup
  u64 random_state = 0;         // RDRAND, RDSEED
  arch::CpuidLeaves leaves;     // of CPUID

  /// RIP of the start of the block in progress. It stands in the register file so that RIP-relative addresses
  /// need no case of their own: their base is this pseudo-register, their displacement counts from the
  /// block's start.
  u64& block_rip() { return gpr[17]; }
  u64 block_rip() const { return gpr[17]; }

  // --- registers by byte offset (see decode::Op::reg) ---
  template <class T>
  T get(u8 offset) const {
    T value;
    std::memcpy(&value, reinterpret_cast<const char*>(gpr) + offset, sizeof value);
    return value;
  }
  /// Writes a general register; a 32-bit write clears the upper half.
  template <class T>
  void set(u8 offset, T value) {
    if constexpr (sizeof(T) == 4) {
      const u64 wide = static_cast<u32>(value);
      std::memcpy(reinterpret_cast<char*>(gpr) + offset, &wide, sizeof wide);
    } else {
      std::memcpy(reinterpret_cast<char*>(gpr) + offset, &value, sizeof value);
    }
  }

  /// CR0 and CR4 as software sees them: in a guest of VMX bits of the guest/host mask read as the shadow's
  /// (SDM vol. 3, 26.3).
  u64 visible_cr0() const { return (cr0 & ~cr0_mask) | (cr0_shadow & cr0_mask); }
  u64 visible_cr4() const { return (cr4 & ~cr4_mask) | (cr4_shadow & cr4_mask); }

  /// RFLAGS as software sees it.
  u64 rflags() const { return flags.status() | rflags_rest | arch::flag::kFixed1; }
  /// Replaces all of RFLAGS; the caller has applied privilege rules. Callers follow with refresh() if VM, AC
  /// or TF may have changed.
  void set_rflags(u64 value) {
    flags.set_status(value);
    rflags_rest = value & ~(arch::flag::kStatus | arch::flag::kFixed1);
  }
  bool rflag(u64 mask) const {
    return (rflags_rest & mask) != 0;
  }  // for flags other than the six status flags
  /// True if physical interrupts are not masked (a shadow may still hold them off).
  bool takes_interrupts() const { return gif && (host_masks ? host_if : rflag(arch::flag::kIf)); }
  /// True if the hypervisor of the guest that is running intercepts instruction `i`.
  bool intercepts(decode::Intercept i) const { return (intercepted & decode::intercept_bit(i)) != 0; }
  unsigned iopl() const { return static_cast<unsigned>((rflags_rest >> 12) & 3); }

  bool protected_mode() const { return (cr0 & arch::cr0::kPe) != 0; }
  bool v8086() const { return mode == Mode::Virtual8086; }
  bool long_active() const { return (efer & arch::efer::kLma) != 0; }
  bool code64() const { return mode == Mode::Long; }
  bool has(Feature f) const { return features.test(static_cast<size_t>(f)); }

  /// Code size in bytes (2, 4, 8) and stack-pointer size in bytes.
  u8 code_bytes() const {
    if (mode == Mode::Long) return 8;
    return (seg[arch::kCs].attributes & arch::attribute::kDefaultBig) ? 4 : 2;
  }
  u8 stack_bytes() const {
    if (mode == Mode::Long) return 8;
    return (seg[arch::kSs].attributes & arch::attribute::kDefaultBig) ? 4 : 2;
  }
  /// Elapsed cycles. Exact outside blocks (stepping) and in device accesses.
  u64 cycles() const { return limit - static_cast<u64>(budget) + extra; }
  /// Adds `n` cycles to what the instruction in progress costs.
  void charge(u64 n) { extra += n; }
  /// Takes what was charged off the budget; between instructions, outside blocks.
  void settle() {
    budget -= static_cast<i64>(extra);
    extra = 0;
  }

  /// Works out mode, CPL-dependent banks and `denied` after anything they depend on has changed (CR0, CR4,
  /// EFER, CS, SS, CPL, RFLAGS.VM/AC, DR7). Reports a ring change to the ledger and the observer.
  void refresh();

  void report(observe::EventKind kind, u64 a = 0, u64 b = 0) const;
};

/// The processor as the threaded form of a light handler gets it: the same object, but memory accesses
/// through it that miss the soft TLB come back as Outcome::Miss instead of calling the slow path. A handler
/// without any call needs no stack frame, which is worth a third of its instructions.
struct FastCpu : Cpu {};

/// Raises an exception without / with an error code: `return raise(cpu, Exception::InvalidOpcode);`
[[gnu::cold]] inline Outcome raise(Cpu& cpu, arch::Exception vector) {
  cpu.fault = Fault{.vector = vector};
  return Outcome::Fault;
}
[[gnu::cold]] inline Outcome raise(Cpu& cpu, arch::Exception vector, u32 error) {
  cpu.fault = Fault{.vector = vector, .has_error = true, .error = error};
  return Outcome::Fault;
}

/// Asks the hypervisor of the guest that is running, if there is one that cares, about instruction `i`;
/// handlers return what it says unless it is Next.
inline Outcome ask(Cpu& cpu, decode::Intercept i, u64 information = 0) {
  if (!cpu.intercepts(i)) [[likely]]
    return Outcome::Next;
  return cpu.guest->instruction(cpu, i, information);
}

/// Canonical for 48-bit linear addresses (SDM vol. 1, 3.3.7.1).
constexpr bool canonical(u64 address) {
  return static_cast<u64>(static_cast<i64>(address << 16) >> 16) == address;
}

}  // namespace hvlab::cpu
