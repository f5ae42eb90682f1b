#include "sim/execute/processor.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/check.hpp"
#include "sim/control/events.hpp"
#include "sim/cpu/cpuid.hpp"
#include "sim/cpu/debug.hpp"
#include "sim/cpu/monitor.hpp"
#include "sim/cpu/performance.hpp"
#include "sim/cpu/run_on.hpp"
#include "sim/execute/boundary.hpp"
#include "sim/execute/code_cache.hpp"
#include "sim/execute/engine.hpp"
#include "sim/execute/fetch.hpp"
#include "sim/execute/reset.hpp"
#include "sim/mmu/access.hpp"
#include "sim/svm/unit.hpp"
#include "sim/vmx/unit.hpp"

namespace hvlab::execute {

using arch::kCs;
using cpu::Activity;
using decode::Mnemonic;
namespace flag = arch::flag;

namespace {

mmu::Tlb::Geometry geometry_of(const timing::Profile& p) {
  return {p.tlb_entries_small, p.tlb_ways_small, p.tlb_entries_large, p.tlb_ways_large};
}

/// The features whose instructions are defined: those that the processor has, and on AMD's parts with long
/// mode PREFETCH and PREFETCHW, whether or not CPUID shows 3DNowPrefetch (APM vol. 3, PREFETCHx).
arch::FeatureSet instructions_of(const Cpu& cpu) {
  arch::FeatureSet features = cpu.features;
  if (cpu::vendor(cpu) == cpu::Vendor::Amd && cpu.has(arch::Feature::Lm))
    features.set(static_cast<size_t>(arch::Feature::Prefetchw));
  return features;
}

/// Instructions that deliver an event themselves.
bool to_handler(const Op& op) {
  const auto m = static_cast<Mnemonic>(op.mnemonic);
  return m == Mnemonic::INT || m == Mnemonic::INT1 || m == Mnemonic::INT3 || m == Mnemonic::INTO;
}

bool loads_rf(const Op& op) {
  const auto m = static_cast<Mnemonic>(op.mnemonic);
  return m == Mnemonic::IRET || m == Mnemonic::IRETD || m == Mnemonic::IRETQ;
}

/// Whether a single-step trap follows the instruction that is done; `tf` is RFLAGS.TF before it. None follows
/// those that go to a handler with TF cleared (SDM vol. 3, 18.3.1.4). SYSCALL and SYSRET are stepped by the
/// TF that they leave: SYSCALL's is masked, and SYSRET's traps at once, unlike that of POPF and IRET.
bool is_stepped(const Cpu& cpu, const Op& op, bool tf) {
  const auto m = static_cast<Mnemonic>(op.mnemonic);
  if (m == Mnemonic::SYSCALL || m == Mnemonic::SYSRET) return cpu.rflag(flag::kTf);
  return tf && !(to_handler(op) && !cpu.rflag(flag::kTf));
}

/// Intel's processors hold an instruction breakpoint behind MOV SS off as RF would (SDM vol. 3, 18.3.1.1);
/// AMD's hold traps off alone.
bool suppresses_breakpoint(const Cpu& cpu) {
  return cpu.mov_ss_shadow && cpu::vendor(cpu) == cpu::Vendor::Intel;
}

/// A guest of VMX that was entered in the shutdown state; a processor that has shut down has no guest, or is
/// in one of SVM, where a third fault that nobody intercepts is the machine's end.
bool guest_is_shut_down(const Cpu& cpu) { return cpu.guest != nullptr && cpu.vmx_operation; }

/// A non-canonical access through the stack segment is #SS, not #GP (SDM vol. 3, 6.15). Only accesses with a
/// 64-bit flat address get here; those without a memory operand are pushes and pops.
void correct_canonical_fault(Cpu& cpu, const Op& op) {
  if (!cpu.fault.canonical) return;
  if (op.mem == decode::kNoMemory || op.segment == arch::kSs) cpu.fault.vector = Exception::StackFault;
}

}  // namespace

/// The dispatcher: lets blocks run, and does between them what blocks cannot: events, device accesses, single
/// steps, the exact end of a run.
struct Processor::Impl {
  Cpu cpu;
  mmu::Tlb tlb;
  observe::CoreLedger ledger;
  std::shared_ptr<CodeCache> code;
  svm::Unit svm;
  vmx::Unit vmx;
  Fetch fetch;
  u64 held = 0;  // cycles of the run that are kept back: see watch_deadlines

  explicit Impl(const Setup& setup) : tlb(geometry_of(*setup.profile)), code(setup.code), fetch{cpu, *code} {
    configure(cpu, setup);
    cpu.tlb = &tlb;
    cpu.ledger = &ledger;
    cpu.code = code.get();
    cpu.jumps = code->jumps();
    if (cpu.has(arch::Feature::Vmx)) cpu.virtualization = &vmx;
    if (cpu.has(arch::Feature::Svm)) cpu.virtualization = &svm;
    cpu.stepping = true;
    code->set_rules({setup.profile->cost, instructions_of(cpu)});
    code->add_tlb(&tlb);
    power_up(cpu);
  }

  Stop run(u64 limit);
  void watch_deadlines();
  void run_blocks(const Op* op);
  void step(const Op* op);
  void fault(const Op* op);
  Outcome perform(const Op* op);
};

void Processor::Impl::fault(const Op* op) {
  cpu.current = op;
  correct_canonical_fault(cpu, *op);
  control::deliver(cpu, control::pending_fault(cpu));
  end_of_instruction(cpu);
  cpu.shadowed = cpu.shadowed_by_mov_ss = cpu.nmi_unblocked = false;
}

/// Runs from `op` on, through as many blocks as the budget holds.
void Processor::Impl::run_blocks(const Op* op) {
  cpu.block_rip() = cpu.rip - op->offset;
  cpu.instructions -= op->number;
  cpu.stepping = false;
  run_threaded(&cpu, op, cpu.budget + op->cycles_before);
  cpu.stepping = true;
  // An instruction that the budget let begin is finished, whatever its page walks have cost: as if it had
  // been stepped.
  const bool begun = cpu.budget > 0;
  cpu.settle();
  fetch.next_op = nullptr;
  const Op* left = cpu.left_op;
  switch (cpu.left) {
    case Outcome::Fault: fault(left); break;
    case Outcome::Retry:
      if (left->number >= decode::block_of(left)->operations) break;  // a terminator: by RIP
      fetch.next_op = left;
      // An event that waits at the block's first operation could not be taken: run() has tried.
      if (begun && (left == op || !event_waits(cpu)) && !decode::block_of(left)->dead) step(left);
      break;
    case Outcome::Exit: fetch.next_op = left + 1; break;
    default: break;
  }
  if (fetch.next_op != nullptr && fetch.next_op->number >= decode::block_of(fetch.next_op)->operations)
    fetch.next_op = nullptr;
}

/// Does the operation, unless a hypervisor wants it.
Outcome Processor::Impl::perform(const Op* op) {
  cpu.current = op;
  if (cpu.guest != nullptr) [[unlikely]] {
    const auto what = static_cast<decode::Intercept>(op->intercept);
    if ((cpu.undefined & decode::intercept_bit(what)) != 0) return raise(cpu, Exception::InvalidOpcode);
    const decode::InterceptOrder order = decode::order_of(what);
    const bool asked = order == decode::InterceptOrder::First ||
                       (order == decode::InterceptOrder::Second && (op->needs & cpu.denied) == 0);
    if (asked && cpu.intercepts(what)) {
      if (const Outcome o = cpu.guest->instruction(cpu, what, 0); o != Outcome::Next) return o;
    }
  }
  return op->step(cpu, *op);
}

/// Executes one instruction outside blocks, with everything exact in the Cpu.
void Processor::Impl::step(const Op* op) {
  cpu.block_rip() = cpu.rip - op->offset;
  cpu.link_slot = nullptr;
  fetch.next_op = nullptr;
  if (!cpu.code64() && cpu.rip + op->length - 1 > cpu.seg[kCs].limit) {
    raise(cpu, Exception::GeneralProtection, 0);
    control::deliver(cpu, control::pending_fault(cpu));
    return end_of_instruction(cpu);
  }
  if (const u64 hit = cpu::match_instruction_breakpoint(cpu, linear_rip(cpu));
      hit != 0 && cpu::breakpoints_enabled(cpu) && !suppresses_breakpoint(cpu)) {
    cpu.fault = cpu::Fault{.vector = Exception::Debug, .debug_bits = hit};
    control::deliver(cpu, control::pending_fault(cpu));
    return end_of_instruction(cpu);
  }
  if (op->number == 0 && cpu.code64() && code->probed(cpu.rip))
    cpu.report(observe::EventKind::Probe, cpu.gpr[arch::kRdi], cpu.gpr[arch::kRsi]);
  const bool tf = cpu.rflag(flag::kTf);
  const u64 from = cpu.rip;
  cpu.shadowed_by_mov_ss = cpu.mov_ss_shadow;
  cpu.shadowed = cpu.sti_shadow || cpu.mov_ss_shadow;
  cpu.sti_shadow = cpu.mov_ss_shadow = false;
  const Outcome outcome = perform(op);
  cpu.settle();
  HVLAB_CHECK(outcome != Outcome::Retry);
  if (outcome == Outcome::World) return;
  if (outcome == Outcome::Fault) return fault(op);
  cpu.shadowed = cpu.shadowed_by_mov_ss = false;
  end_of_instruction(cpu);
  if (outcome == Outcome::Repeat) {
    if (tf) cpu::after_instruction(cpu, tf, false, false);
    // Between elements the saved flags say "resume", so that a breakpoint on the instruction does not hit
    // again (SDM vol. 3, 18.3.1.1).
    cpu.rflags_rest |= flag::kRf;
    fetch.next_op = op;
    return;
  }
  if (outcome != Outcome::Jump) {
    cpu.rip = cpu::run_on(cpu, cpu.rip + op->length);
  } else if (!to_handler(*op)) {
    cpu::record_branch(cpu, from, cpu.rip);
  }
  ++cpu.instructions;
  cpu.budget -= op->cost;
  // A relative branch that has not jumped is one that was not taken: it counts too.
  if (cpu.performance.counts_branches && (outcome == Outcome::Jump || op->relative))
    ++cpu.performance.retired_branches;
  cpu::after_instruction(cpu, is_stepped(cpu, *op, tf), loads_rf(*op), outcome == Outcome::Jump);
  const Block* block = decode::block_of(op);
  if (outcome != Outcome::Jump && op->number + 1u < block->operations) fetch.next_op = op + 1;
}

/// Gives the run no more cycles than a guest's VMX-preemption timer has left, or a performance counter that
/// wants an interrupt, so that the run stops at the exact instruction. What has none left gets its VM exit or
/// its interrupt.
void Processor::Impl::watch_deadlines() {
  cpu.limit += held;
  cpu.budget += static_cast<i64>(held);
  held = 0;
  u64 left = ~u64{0};
  if (cpu.guest_deadline != cpu::State::kNoDeadline) {
    const u64 now = cpu.cycles();
    if (now < cpu.guest_deadline)
      left = cpu.guest_deadline - now;
    else
      cpu.guest_events |= cpu::guest_event::kTimer;
  }
  if (cpu.performance.active != 0) {
    u64 counts = cpu::until_overflow(cpu);
    if (counts == 0) {
      cpu::take_counts(cpu);
      counts = cpu::until_overflow(cpu);
    }
    left = std::min(left, counts);
  }
  if (cpu.budget <= 0 || left >= static_cast<u64>(cpu.budget)) return;
  held = static_cast<u64>(cpu.budget) - left;
  cpu.limit -= held;
  cpu.budget -= static_cast<i64>(held);
}

Stop Processor::Impl::run(u64 limit) {
  const u64 now = cpu.cycles();
  cpu.extra = 0;
  cpu.limit = limit;
  cpu.budget = static_cast<i64>(limit - now);
  cpu.spun = false;
  held = 0;
  for (;;) {
    if ((cpu.performance.enabled | held | ~cpu.guest_deadline) != 0) [[unlikely]]
      watch_deadlines();
    if (cpu.budget <= 0) return Stop::CycleLimit;
    if (cpu.spun && cpu.spin_ends_run) return Stop::Spinning;
    if (event_waits(cpu) && take_event(cpu)) {
      cpu.settle();
      fetch.next_op = nullptr;
      cpu.link_slot = nullptr;
      continue;
    }
    if (cpu::monitor_wait_over(cpu)) {
      cpu::end_monitor_wait(cpu);
      cpu.report(observe::EventKind::Wake);
    }
    switch (cpu.activity) {
      case Activity::Active: break;
      case Activity::Shutdown: return guest_is_shut_down(cpu) ? Stop::Halted : Stop::Shutdown;
      case Activity::WaitForSipi: return Stop::WaitForSipi;
      default: return Stop::Halted;
    }
    const Op* op = fetch.locate();
    cpu.link_slot = nullptr;
    cpu.settle();
    if (op == nullptr) continue;
    const Block* block = decode::block_of(op);
    const bool whole = cpu.budget >= static_cast<i64>(block->cost) - op->cycles_before;
    if (whole && !must_step(cpu) && (block->key >> 56 & 8) != 0) {
      run_blocks(op);
    } else {
      step(op);
    }
    cpu.settle();
  }
}

Processor::Processor(const Setup& setup) : impl_(std::make_unique<Impl>(setup)) {}
Processor::~Processor() = default;

Stop Processor::run(u64 limit) { return impl_->run(limit); }
u64 Processor::cycles() const { return impl_->cpu.cycles(); }
u64 Processor::instructions() const { return impl_->cpu.instructions; }
u32 Processor::vmx_abort() const { return impl_->vmx.aborted(); }
bool Processor::host_refused() const { return impl_->svm.host_refused(); }
void Processor::probe(std::vector<u64> addresses) { impl_->code->set_probes(std::move(addresses)); }
void Processor::memory_remapped() { mmu::forget_hosts(impl_->cpu); }
cpu::Cpu& Processor::state() { return impl_->cpu; }
const cpu::Cpu& Processor::state() const { return impl_->cpu; }
const observe::CoreLedger& Processor::ledger() const { return impl_->ledger; }

void Processor::idle_until(u64 cycle) {
  Cpu& cpu = impl_->cpu;
  if (cpu.performance.enabled != 0) cpu::stop_counting(cpu);
  const observe::Account account = impl_->ledger.current();
  impl_->ledger.open(observe::Account::Idle, cpu.cycles());
  cpu.limit = cycle;
  cpu.budget = 0;
  cpu.extra = 0;
  if (cpu.performance.enabled != 0) cpu::resume_counting(cpu);
  impl_->ledger.open(account, cycle);
}

void Processor::end_runs_at_spins(bool ends) { impl_->cpu.spin_ends_run = ends; }
bool Processor::has_spun() const { return impl_->cpu.spun; }

void Processor::stop_at(u64 cycle) {
  Cpu& cpu = impl_->cpu;
  if (cycle >= cpu.limit + impl_->held) return;
  u64 earlier = cpu.limit + impl_->held - cycle;
  const u64 of_held = std::min(earlier, impl_->held);
  impl_->held -= of_held, earlier -= of_held;
  cpu.limit -= earlier;
  cpu.budget -= static_cast<i64>(earlier);
}

bool Processor::interruptible() const {
  const Cpu& cpu = impl_->cpu;
  const bool waits_for_any = cpu.activity == Activity::MonitorWait && cpu.wait_ends_masked;
  return cpu.takes_interrupts() || waits_for_any || wakes_at() != kNever || runnable();
}

u64 Processor::wakes_at() const {
  const Cpu& cpu = impl_->cpu;
  const bool timed = cpu.activity != Activity::Active && cpu.activity != Activity::WaitForSipi;
  return timed ? cpu.guest_deadline : kNever;
}

bool Processor::runnable() const {
  const Cpu& cpu = impl_->cpu;
  return cpu.activity == Activity::Active || next_event(cpu) != Event::None || cpu::monitor_wait_over(cpu);
}

void Processor::set_interrupt(bool asserted) { impl_->cpu.interrupt_line = asserted; }
/// One that finds another pending is lost, unless that one would have been taken by now if it were this
/// processor's turn.
void Processor::nmi() {
  Cpu& cpu = impl_->cpu;
  cpu.nmi_latched = cpu.nmi_latched || next_event(cpu) == Event::Nmi;
  cpu.nmi_pending = true;
}
void Processor::smi() { impl_->cpu.smi_pending = true; }
void Processor::init() { impl_->cpu.init_pending = true; }
void Processor::sipi(u8 vector) {
  Cpu& cpu = impl_->cpu;
  const bool waits = cpu.activity == Activity::WaitForSipi;
  if (cpu.vmx_operation) {  // it is a VM exit, or nothing (SDM vol. 3, 26.2)
    if (!waits) return;
    cpu.guest_events |= cpu::guest_event::kSipi;
    cpu.sipi_vector = vector;
  } else if (cpu.init_pending) {
    cpu.sipi_pending = true;
    cpu.sipi_vector = vector;
  } else if (waits) {
    start_up(cpu, vector);
  }
}

}  // namespace hvlab::execute
