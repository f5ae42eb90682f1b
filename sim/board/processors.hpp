// The machine's processors and its time: who runs when, and what time it is meanwhile.
#pragma once

#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "sim/board/event_queue.hpp"
#include "sim/board/frequency.hpp"
#include "sim/execute/processor.hpp"

namespace hvlab::board {

/// What ended a run from inside the processors' room.
enum class Halt : u8 {
  None,     // go on
  Stopped,  // stop() was called
  TimeLimit,
  InstructionLimit,
  TripleFault,
  VmxAbort,     // Processor::vmx_abort() tells which
  HostRefused,  // the host of an SVM guest could not be loaded
  Hang,         // nothing runs and nothing can wake a processor
};

/// Processors take turns in the order of their numbers, in slices that end early at the next deadline. The
/// machine's time is a cycle count that all processors share; within a slice a processor may be ahead of it.
///
/// One that spins (PAUSE) waits for another, which may not have had its turn yet: the slice ends there, and
/// the next ones are short, then longer and longer again, as long as somebody spins while others run.
class Processors final : public TimeKeeper {
 public:
  struct Limits {
    Picoseconds time = kNever;
    u64 instructions = ~u64{0};  // of all processors together
  };

  /// Makes room, and pins, for `count` processors.
  Processors(Frequency frequency, u64 slice_cycles, size_t count);

  /// Adds the next processor, built from `setup`; its index is the number of those before it. Its pins are
  /// pins(index) rather than the processor itself, so that a wake-up takes effect no earlier than its cause;
  /// they may be used once the processor is there.
  void add(const execute::Processor::Setup& setup);

  size_t count() const { return processors_.size(); }
  execute::Processor& at(size_t index) { return *processors_[index]; }
  const execute::Processor& at(size_t index) const { return *processors_[index]; }
  ProcessorPins& pins(size_t index) { return pins_[index]; }

  EventQueue& events() { return events_; }
  Frequency frequency() const { return frequency_; }

  /// Runs one slice, or skips to the next deadline if every processor is idle, and fires what is due then.
  Halt advance(const Limits& limits);

  /// True if no processor has anything to execute at the moment.
  bool all_idle() const;
  /// How far the next advance() would skip if all processors are idle (0 otherwise).
  Picoseconds idle_span() const;

  /// Ends the run after the instruction in progress; advance() then returns Stopped, until resume().
  void stop();
  void resume() { stopped_ = false; }

  /// The start of the slice in progress, in cycles and in time.
  u64 cycle() const { return cycle_; }
  Picoseconds time() const { return frequency_.time_of(cycle_); }

  /// The processor in whose time something happens; while events fire, the one that ran last.
  size_t running() const { return last_run_; }

  u64 instructions() const;
  u64 cycles() const;  // summed over processors

  /// Is called where a pause was asked for, with the number of that processor: between two of its
  /// instructions, in the middle of its turn if need be, or, if it is idle, at the end of a turn. It may look
  /// at everything, take any time of the host's and ask for the next pause, but must change nothing: nothing
  /// simulated can tell that it was called.
  using Pause = std::function<void(size_t processor)>;
  void on_pause(Pause pause) { on_pause_ = std::move(pause); }
  /// Asks for a pause as soon as processor `index` has come to its cycle `cycle`; replaces what was asked
  /// for.
  void pause_at(size_t index, u64 cycle);
  /// Asks for one behind the instruction in progress, or else before the next one of processor 0.
  void pause_soon();

  /// Is called, from cycle `from` of each processor on, before every single thing it does: an instruction, a
  /// step of one that repeats, an interrupt that it takes. The same holds for it as for a pause. Empty: for
  /// nobody any longer. Instructions are then executed one by one, which costs the host's time alone.
  void watch_steps(u64 from, Pause watch);

  // TimeKeeper
  Picoseconds now() const override;
  void deadline_brought_forward(Picoseconds deadline) override;

 private:
  static constexpr size_t kNobody = ~size_t{0};
  static constexpr u64 kShortSlice = 250;  // cycles of a slice behind one in which processors met

  class Pins final : public ProcessorPins {
   public:
    Pins(Processors& owner, size_t index) : owner_(owner), index_(index) {}
    void set_interrupt(bool asserted) override;
    void nmi() override;
    void smi() override;
    void init() override;
    void sipi(u8 vector) override;

   private:
    template <class Change>
    void apply(Change change);
    Processors& owner_;
    size_t index_;
  };

  Halt run_slice(const Limits& limits);
  Halt run_one(size_t index, const Limits& limits);
  execute::Stop take_turn(size_t index, u64 end, bool ends_at_spins, bool& spun);
  void pause();
  u64 next_stop(size_t index, u64 end) const;
  void note_wake(size_t index, u64 cycle);
  void meet(u64 cycle);
  bool others_run(size_t index) const;
  u64 next_wake() const;
  bool wake_by_timers();
  Halt idle_verdict(const Limits& limits) const;

  Frequency frequency_;
  u64 slice_cycles_;
  u64 next_slice_;    // cycles of the next slice: fewer while processors meet
  bool met_ = false;  // processors did in the slice in progress
  EventQueue events_{*this};
  observe::VmmSpaces vmm_spaces_;
  std::vector<std::unique_ptr<execute::Processor>> processors_;
  std::deque<Pins> pins_;
  std::vector<u64> wake_cycle_;  // of each idle processor: when the reason to run again came
  std::vector<u8> idle_;         // at the last look during the slice in progress
  u64 cycle_ = 0;
  u64 target_ = 0;  // where the slice in progress ends
  size_t running_ = kNobody;
  size_t last_run_ = 0;
  bool stopped_ = false;
  size_t pause_processor_ = kNobody;  // whose pause was asked for
  u64 pause_cycle_ = 0;
  Pause on_pause_;
  u64 watch_from_ = 0;
  Pause watch_;  // mostly empty
  // The latest cycle at which a device or a time-stamp counter was looked at: a processor that runs later in
  // a slice than one that was ahead must not take them back.
  mutable u64 seen_ = 0;
};

}  // namespace hvlab::board
