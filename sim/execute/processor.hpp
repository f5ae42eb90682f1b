// One simulated processor: what the board builds, runs and looks at.
#pragma once

#include <memory>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/cpu/cpu.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/ledger.hpp"
#include "sim/ports/local_apic.hpp"
#include "sim/ports/physical_memory.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::execute {

/// Why Processor::run came back.
enum class Stop : u8 {
  CycleLimit,   // cycles() has reached the limit (it may pass it by the length of one instruction)
  Halted,       // HLT or MWAIT: nothing to do until an interrupt; see Processor::interruptible
  WaitForSipi,  // after INIT; nothing to do until a start-up IPI
  Shutdown,     // triple fault, VMX abort (not the shutdown state that a guest of VMX may be entered in: that
                // is Halted)
  Spinning,     // behind a PAUSE; only if asked for (Processor::end_runs_at_spins)
};

/// Decoded code, shared by all processors of a machine; RAM pages that hold decoded code are known here.
class CodeCache;

/// Creates the cache for RAM of `ram_pages` 4 KiB pages (by physical page number, holes included). It keeps
/// about `bytes` (at least 1 MiB) of decoded code; nothing that is simulated depends on how much.
inline constexpr u64 kCodeCacheBytes = u64{96} << 20;
std::shared_ptr<CodeCache> make_code_cache(u64 ram_pages, u64 bytes = kCodeCacheBytes);

/// Tells the cache that `bytes` bytes at physical `address` were written by someone other than a processor
/// (DMA, a loader). Cheap where no code was decoded.
void memory_written(CodeCache& cache, u64 address, size_t bytes);

/// From now on the start of the instruction at each of these linear addresses, in 64-bit code of any
/// privilege and address space, is reported as EventKind::Probe; replaces the addresses from before. May be
/// called at any time, also while an event is handled; it takes effect with the next block that a processor
/// looks for. Simulated time does not change by it. An instruction that faults, or is taken up again, begins
/// again.
void set_probes(CodeCache& cache, std::vector<u64> addresses);

class Processor final : public ProcessorPins {
 public:
  struct Setup {
    u8 index = 0;  // 0 is the bootstrap processor
    u8 count = 1;  // processors in the machine, for CPUID topology
    const timing::Profile* profile = nullptr;
    ProcessorBus* bus = nullptr;
    LocalApicPort* apic = nullptr;
    observe::Observer* observer = nullptr;  // may be null: nothing is reported
    std::shared_ptr<CodeCache> code;
    /// The latest cycle at which anybody in the machine has looked at a clock; may be null. Processors take
    /// turns, so one that runs later in a turn must not read a time-stamp counter behind what another has
    /// already seen.
    u64* latest_cycle = nullptr;
    observe::VmmSpaces* vmm_spaces = nullptr;  // the machine's; may be null: no process is told apart
    u64 seed = 0;                              // for RDRAND and RDSEED
  };

  explicit Processor(const Setup& setup);
  ~Processor() override;

  /// Executes until cycles() >= `limit` or there is nothing to do.
  Stop run(u64 limit);

  /// Elapsed cycles of this processor, idle ones included; exact also inside a bus access that it is making.
  u64 cycles() const;

  /// Lets time pass without executing, up to `cycle` (>= cycles()): while halted or waiting. Charged as idle.
  void idle_until(u64 cycle);

  /// Brings the limit of the run in progress forward: called from inside a bus access of this processor, when
  /// a device sets a deadline earlier than the limit. The run ends after the current instruction at the
  /// earliest.
  void stop_at(u64 cycle);

  /// From the next run on, a PAUSE ends the run: software waits for another processor.
  void end_runs_at_spins(bool ends);
  /// True if the last run executed a PAUSE.
  bool has_spun() const;

  /// Retired instructions.
  u64 instructions() const;

  /// True while halted with interrupts on, or with an interrupt or NMI already waiting: false when halted
  /// with interrupts off, so that only an NMI, INIT or reset can wake it.
  bool interruptible() const;

  /// True if run() has something to execute now (not halted, or an event waits that ends the halt).
  bool runnable() const;

  /// The cycle at which a processor that is not runnable becomes so of itself: in a guest whose
  /// VMX-preemption timer runs (SDM vol. 3, 26.5.1). kNever: it does not.
  static constexpr u64 kNever = ~u64{0};
  u64 wakes_at() const;

  /// After Stop::Shutdown: the indicator of a VMX abort (SDM vol. 3, 28.7), 0 if it was none.
  u32 vmx_abort() const;
  /// After Stop::Shutdown: a #VMEXIT found its host's state not valid (APM vol. 2, 15.6).
  bool host_refused() const;

  /// set_probes for all processors that share this one's decoded code.
  void probe(std::vector<u64> addresses);

  /// ProcessorBus gives other host addresses for pages than before. The board also calls memory_written() for
  /// them.
  void memory_remapped();

  cpu::Cpu& state();
  const cpu::Cpu& state() const;
  const observe::CoreLedger& ledger() const;

  // ProcessorPins
  void set_interrupt(bool asserted) override;
  void nmi() override;
  void smi() override;
  void init() override;
  void sipi(u8 vector) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hvlab::execute
