#include "sim/board/processors.hpp"

#include <algorithm>
#include <utility>

#include "sim/base/check.hpp"

namespace hvlab::board {

using execute::Processor;
using execute::Stop;

template <class Change>
void Processors::Pins::apply(Change change) {
  Processor& processor = owner_.at(index_);
  const bool was_idle = !processor.runnable();
  change(processor);
  const size_t by = owner_.running_;
  const u64 cycle = by == kNobody ? owner_.cycle_ : owner_.at(by).cycles();
  if (was_idle) owner_.note_wake(index_, cycle);
  if (by != kNobody && by != index_) owner_.meet(cycle);
}

void Processors::Pins::set_interrupt(bool asserted) {
  apply([&](Processor& processor) { processor.set_interrupt(asserted); });
}
void Processors::Pins::smi() {
  apply([](Processor& processor) { processor.smi(); });
}

void Processors::Pins::nmi() {
  apply([](Processor& processor) { processor.nmi(); });
}
void Processors::Pins::init() {
  apply([](Processor& processor) { processor.init(); });
}
void Processors::Pins::sipi(u8 vector) {
  apply([&](Processor& processor) { processor.sipi(vector); });
}

Processors::Processors(Frequency frequency, u64 slice_cycles, size_t count)
    : frequency_(frequency),
      slice_cycles_(slice_cycles),
      next_slice_(slice_cycles),
      wake_cycle_(count),
      idle_(count) {
  HVLAB_CHECK(slice_cycles > 0);
  for (size_t i = 0; i < count; ++i) pins_.emplace_back(*this, i);
}

void Processors::add(const Processor::Setup& setup) {
  HVLAB_CHECK(setup.index == processors_.size() && setup.index < pins_.size());
  Processor::Setup shared = setup;
  if (pins_.size() > 1) shared.latest_cycle = &seen_;
  shared.vmm_spaces = &vmm_spaces_;
  processors_.push_back(std::make_unique<Processor>(shared));
}

Picoseconds Processors::now() const {
  const u64 cycle = running_ == kNobody ? cycle_ : processors_[running_]->cycles();
  seen_ = std::max(seen_, cycle);
  return frequency_.time_of(seen_);
}

void Processors::deadline_brought_forward(Picoseconds deadline) {
  if (running_ == kNobody) return;  // advance() asks the calendar when it begins
  const u64 cycle = std::max(frequency_.cycle_at(deadline), cycle_);
  if (cycle >= target_) return;
  target_ = cycle;
  processors_[running_]->stop_at(cycle);
}

void Processors::stop() {
  stopped_ = true;
  if (running_ != kNobody) processors_[running_]->stop_at(0);
}

bool Processors::all_idle() const {
  return std::ranges::none_of(processors_, [](const auto& processor) { return processor->runnable(); });
}

/// The first cycle at which a processor wakes of itself.
u64 Processors::next_wake() const {
  u64 first = Processor::kNever;
  for (const auto& processor : processors_) first = std::min(first, processor->wakes_at());
  return first;
}

Picoseconds Processors::idle_span() const {
  const u64 wake = next_wake();
  const Picoseconds next =
      wake == Processor::kNever ? events_.next() : std::min(events_.next(), frequency_.time_of(wake));
  if (!all_idle() || next == kNever) return 0;
  return next > time() ? next - time() : 0;
}

void Processors::pause_at(size_t index, u64 cycle) {
  pause_processor_ = index;
  pause_cycle_ = cycle;
  if (running_ == index) processors_[index]->stop_at(cycle);
}

void Processors::pause_soon() {
  const size_t index = running_ == kNobody ? 0 : running_;
  pause_at(index, processors_[index]->cycles());
}

void Processors::pause() {
  const size_t index = std::exchange(pause_processor_, kNobody);
  if (on_pause_) on_pause_(index);
}

void Processors::watch_steps(u64 from, Pause watch) {
  watch_from_ = from;
  watch_ = std::move(watch);
}

/// Where a run of processor `index` that begins now and may last to `end` has to be cut at the latest.
u64 Processors::next_stop(size_t index, u64 end) const {
  if (pause_processor_ == index) end = std::min(end, pause_cycle_);
  if (watch_) end = std::min(end, std::max(watch_from_, processors_[index]->cycles() + 1));
  return end;
}

u64 Processors::instructions() const {
  u64 sum = 0;
  for (const auto& processor : processors_) sum += processor->instructions();
  return sum;
}

u64 Processors::cycles() const {
  u64 sum = 0;
  for (const auto& processor : processors_) sum += processor->cycles();
  return sum;
}

void Processors::note_wake(size_t index, u64 cycle) {
  if (!processors_[index]->runnable()) return;
  idle_[index] = false;
  wake_cycle_[index] = cycle;
}

bool Processors::others_run(size_t index) const {
  for (size_t i = 0; i < processors_.size(); ++i)
    if (i != index && processors_[i]->runnable()) return true;
  return false;
}

/// The running processor has met another at `cycle`: those that have not had their turn come no further than
/// that, and neither does it.
void Processors::meet(u64 cycle) {
  met_ = true;
  if (next_slice_ <= kShortSlice) return;
  target_ = std::clamp(cycle, cycle_ + 1, target_);
  processors_[last_run_]->stop_at(target_);
}

Halt Processors::idle_verdict(const Limits& limits) const {
  const bool can_wake =
      std::ranges::any_of(processors_, [](const auto& processor) { return processor->interruptible(); });
  const bool timed = next_wake() != Processor::kNever;
  if (!can_wake || (events_.next() == kNever && limits.time == kNever && !timed)) return Halt::Hang;
  return Halt::None;
}

/// Lets a processor run to `end`. A pause on the way only cuts the run in two, which does not show: a run may
/// end between any two instructions. `spun`: a PAUSE was executed.
Stop Processors::take_turn(size_t index, u64 end, bool ends_at_spins, bool& spun) {
  Processor& processor = *processors_[index];
  processor.end_runs_at_spins(ends_at_spins);
  spun = false;
  for (;;) {
    const bool pauses = pause_processor_ == index && pause_cycle_ < end;
    if (pauses && pause_cycle_ <= processor.cycles()) {
      pause();
      if (stopped_) return Stop::CycleLimit;
      continue;
    }
    if (watch_ && watch_from_ <= processor.cycles()) {
      watch_(index);
      if (stopped_) return Stop::CycleLimit;
    }
    const Stop stop = processor.run(next_stop(index, end));
    spun = spun || processor.has_spun();
    end = std::min(end, target_);  // a deadline may have come nearer
    const bool over = stop != Stop::CycleLimit || stopped_ || (spun && ends_at_spins);
    if (over || processor.cycles() >= end) return stop;
  }
}

Halt Processors::run_one(size_t index, const Limits& limits) {
  Processor& processor = *processors_[index];
  if (processor.cycles() < wake_cycle_[index]) {
    const u64 timer = std::max(processor.wakes_at(), processor.cycles());
    processor.idle_until(std::min({wake_cycle_[index], target_, timer}));
    if (processor.cycles() >= target_) return Halt::None;
  }
  u64 end = target_;
  if (limits.instructions != ~u64{0}) {
    // An instruction takes at least a cycle, so this cannot pass the limit; the caller comes again for the
    // rest.
    const u64 left = limits.instructions - std::min(limits.instructions, instructions());
    if (left == 0) return Halt::InstructionLimit;
    if (left < end - processor.cycles()) end = processor.cycles() + left;
  }
  running_ = last_run_ = index;
  bool spun = false;
  const Stop stop = take_turn(index, end, next_slice_ > kShortSlice && others_run(index), spun);
  running_ = kNobody;
  if (spun && others_run(index)) meet(processor.cycles());
  if (stopped_) return Halt::Stopped;
  if (stop != Stop::Shutdown) return Halt::None;
  return processor.vmx_abort() != 0 ? Halt::VmxAbort
         : processor.host_refused() ? Halt::HostRefused
                                    : Halt::TripleFault;
}

/// Those that nobody has woken, but whose own timers end before the slice: they have something to do then.
bool Processors::wake_by_timers() {
  bool woken = false;
  for (size_t i = 0; i < processors_.size(); ++i) {
    Processor& processor = *processors_[i];
    if (processor.runnable() || processor.wakes_at() >= target_) continue;
    processor.idle_until(std::max(processor.wakes_at(), processor.cycles()));
    idle_[i] = false;
    woken = true;
  }
  return woken;
}

Halt Processors::run_slice(const Limits& limits) {
  for (size_t i = 0; i < processors_.size(); ++i) idle_[i] = !processors_[i]->runnable();
  // Until nobody has anything left to do before the slice's end: one that runs late may wake one that was
  // idle.
  for (bool ran = true; ran;) {
    ran = false;
    for (size_t i = 0; i < processors_.size(); ++i) {
      while (processors_[i]->cycles() < target_ && processors_[i]->runnable()) {
        ran = true;
        if (const Halt halt = run_one(i, limits); halt != Halt::None) return halt;
        idle_[i] = !processors_[i]->runnable();
        // A store may have ended another's MWAIT; when in this turn it was made is not known.
        for (size_t j = 0; j < processors_.size(); ++j) {
          if (idle_[j]) note_wake(j, processors_[i]->cycles());
        }
      }
    }
    ran = wake_by_timers() || ran;
  }
  for (const auto& processor : processors_) {
    if (processor->cycles() < target_) processor->idle_until(target_);
  }
  cycle_ = target_;
  if (pause_processor_ != kNobody && pause_cycle_ <= processors_[pause_processor_]->cycles()) pause();
  return Halt::None;
}

Halt Processors::advance(const Limits& limits) {
  if (stopped_) return Halt::Stopped;
  const u64 last = frequency_.cycle_at(limits.time);
  if (cycle_ >= last) return Halt::TimeLimit;
  target_ = std::min(last, std::max(cycle_, frequency_.cycle_at(events_.next())));
  if (!all_idle()) {
    target_ = std::min(target_, cycle_ + next_slice_);
  } else if (const Halt halt = idle_verdict(limits); halt != Halt::None) {
    return halt;
  } else {
    target_ = std::max(cycle_, std::min(target_, next_wake()));
  }
  met_ = false;
  if (const Halt halt = run_slice(limits); halt != Halt::None) return halt;
  next_slice_ = std::min(slice_cycles_, met_ ? kShortSlice : next_slice_ * 2);
  events_.fire_due(frequency_.time_of(cycle_));
  return stopped_ ? Halt::Stopped : Halt::None;
}

}  // namespace hvlab::board
