#include "hv-models/hypervisor/cores.hpp"

#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/schedule/schedule.hpp"
#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::hypervisor {
namespace {

using runtime::Hold;
namespace clock = runtime::clock;
using schedule::State;

struct Core {
  VirtualProcessor* fpu = nullptr;  // whose floating-point registers are in the processor
  bool online = false;              // it runs the loop
  volatile bool look = false;       // it may have to run another one
  u64 deadline = 0;                 // of its timer
};

// Of all of this. A machine's lock may be held when it is taken (kick), never the other way round: what is
// asked of a virtual processor under it are plain words.
runtime::SpinLock lock;
schedule::Scheduler scheduler;
schedule::OnPause on_pause = schedule::OnPause::Directed;
Core cores[runtime::kMostProcessors];
VirtualProcessor* vcpus[schedule::kMostVcpus] = {};  // by their numbers in the scheduler
unsigned timer_cores[schedule::kMostVcpus] = {};     // whose timer wakes it when it is halted
State marked[schedule::kMostVcpus] = {};
static_assert(schedule::kMostCores >= runtime::kMostProcessors);
static_assert(schedule::kMostMachines > kMostMachines && schedule::kMostMembers == kMostVirtualProcessors);
static_assert(static_cast<u8>(State::CoStopped) == static_cast<u8>(arch::mark::VcpuState::CoStopped));

unsigned index_of(const VirtualProcessor& vcpu) {
  unsigned index = 0;
  while (vcpus[index] != &vcpu) ++index;
  return index;
}

VirtualProcessor* current(unsigned core) {
  const unsigned index = scheduler.cores[core].current;
  return index != schedule::kNobody ? vcpus[index] : nullptr;
}

void mark_state(unsigned index) {
  const VirtualProcessor& vcpu = *vcpus[index];
  marked[index] = scheduler.vcpus[index].state;
  runtime::mark<arch::mark::Kind::VcpuState>(arch::mark::vcpu_id(vcpu.machine->number, vcpu.number),
                                             static_cast<u64>(marked[index]));
}
void mark_states() {
  for (unsigned i = 0; i < scheduler.vcpu_count; ++i) {
    if (scheduler.vcpus[i].state != marked[i]) mark_state(i);
  }
}

// Whatever the guest was left for: it can have arrived just behind that.
void interrupt(runtime::TrapFrame&) {
  runtime::apic::end_of_interrupt();
  cores[runtime::this_processor().index].look = true;
}

// Has these cores look for what they are to run. Lock held.
void tell(u32 which) {
  const unsigned self = runtime::this_processor().index;
  for (unsigned core = 0; which >> core != 0; ++core) {
    if ((which >> core & 1) == 0) continue;
    cores[core].look = true;
    if (core != self && cores[core].online)
      runtime::apic::send(runtime::processor(core).apic_id, runtime::kRescheduleVector);
  }
}

// Something has changed. Lock held.
void decide(u64 now) {
  tell(schedule::assign(scheduler, now));
  mark_states();
}

// Halted ones whose time has come become ready. Lock held.
void wake_sleepers(u64 now) {
  bool woke = false;
  for (unsigned i = 0; i < scheduler.vcpu_count; ++i) {
    if (scheduler.vcpus[i].state != State::Halted || next_event(*vcpus[i]) > now) continue;
    schedule::wake(scheduler, i, now);
    woke = true;
  }
  if (woke) decide(now);
}

// What the scheduler wants, the timer of the guest that runs here, and those of the guests that halted here.
// Lock held.
void set_timer(unsigned index, u64 now) {
  u64 deadline = schedule::next_event(scheduler, index);
  // A guest is left now and then, whatever it does: some of a model's work is done behind exits.
  constexpr clock::Nanoseconds kLongest = 10'000'000;
  if (current(index) != nullptr && deadline > now + kLongest) deadline = now + kLongest;
  for (unsigned i = 0; i < scheduler.vcpu_count; ++i) {
    const bool halted_here = scheduler.vcpus[i].state == State::Halted && timer_cores[i] == index;
    if (!halted_here && scheduler.cores[index].current != i) continue;
    const u64 event = next_event(*vcpus[i]);
    if (event < deadline) deadline = event;
  }
  cores[index].deadline = deadline;
  clock::interrupt_at(deadline);
}

// Steal time, as it is when the guest goes on. Lock held.
void show_steal_time(const VirtualProcessor& vcpu, const schedule::Vcpu& times) {
  if (vcpu.steal_page == 0) return;
  void* page = vcpu.machine->memory.at(vcpu.steal_page, sizeof(StealPage));
  if (page == nullptr) return;
  const StealPage steal = {times.times[static_cast<unsigned>(State::Ready)],
                           times.times[static_cast<unsigned>(State::CoStopped)]};
  __builtin_memcpy(page, &steal, sizeof steal);
}

void load(Core& core, VirtualProcessor& vcpu) {
  load_fpu(vcpu);
  core.fpu = &vcpu;
}
void unload(Core& core) {
  save_fpu(*core.fpu);
  core.fpu = nullptr;
}

// `vcpu` has nothing to do until somebody kicks it or its timer fires.
void stop(unsigned index, VirtualProcessor& vcpu) {
  unload(cores[index]);
  const Hold hold(lock);
  const u64 now = clock::now();
  const unsigned number = scheduler.cores[index].current;
  schedule::halt(scheduler, number, now);
  timer_cores[number] = index;
  mark_states();
  // Somebody may have kicked it since it was last looked at.
  if (vcpu.kicked) schedule::wake(scheduler, number, now);
  decide(now);
}

// Nothing that concerns the scheduler: the timer stands as it should, and nobody has told this core anything.
bool may_go_on(const Core& core, const VirtualProcessor& vcpu, Outcome outcome) {
  return outcome == Outcome::Continue && !core.look && vcpu.exit.kind != ExitKind::Hypercall &&
         next_event(vcpu) >= core.deadline;
}

// False if another one is to run here.
bool look_around(unsigned index, const VirtualProcessor& vcpu, Outcome outcome) {
  const Hold hold(lock);
  const u64 now = clock::now();
  const unsigned number = scheduler.cores[index].current;
  cores[index].look = false;
  wake_sleepers(now);
  if ((outcome == Outcome::Paused && schedule::spins(scheduler, number, on_pause, now)) ||
      now >= schedule::next_event(scheduler, index))
    decide(now);
  show_steal_time(vcpu, scheduler.vcpus[number]);
  set_timer(index, now);
  return scheduler.cores[index].wanted == number;
}

void run_current(unsigned index, VirtualProcessor& vcpu) {
  Core& core = cores[index];
  load(core, vcpu);
  for (;;) {
    vcpu.kicked = false;
    const Outcome outcome = run_once(vcpu);
    if (outcome == Outcome::Ended) vcpu.started = false;
    if (outcome == Outcome::Halted || outcome == Outcome::Waiting || outcome == Outcome::Ended)
      return stop(index, vcpu);
    if (!may_go_on(core, vcpu, outcome) && !look_around(index, vcpu, outcome)) return unload(core);
  }
}

// What this core is to run from here on; null if nothing.
VirtualProcessor* choose(unsigned index) {
  const Hold hold(lock);
  const u64 now = clock::now();
  cores[index].look = false;
  wake_sleepers(now);
  if (now >= schedule::next_event(scheduler, index)) decide(now);
  tell(schedule::take(scheduler, index, now));
  mark_states();
  VirtualProcessor* vcpu = current(index);
  if (vcpu != nullptr) show_steal_time(*vcpu, scheduler.vcpus[scheduler.cores[index].current]);
  set_timer(index, now);
  return vcpu;
}

}  // namespace

void set_up_cores(const Configuration& configuration) {
  const char* name = configuration.scheduler[0] != 0 ? configuration.scheduler : "credit";
  const schedule::Policy* policy = schedule::find_policy(name);
  if (policy == nullptr) runtime::panic("scheduler=%s: there are strict, relaxed, balance and credit", name);
  schedule::Settings settings;
  // All that there are: the others have not been started yet.
  const unsigned processors = runtime::acpi::tables().processors;
  settings.cores = processors < runtime::kMostProcessors ? processors : runtime::kMostProcessors;
  if (configuration.skew != 0) settings.skew = u64{configuration.skew} * 1000;
  if (configuration.slice != 0) settings.slice = u64{configuration.slice} * 1000;
  on_pause = configuration.on_pause;
  schedule::set_up(scheduler, *policy, settings, clock::now());
  runtime::set_handler(runtime::kTimerVector, interrupt);
  runtime::set_handler(runtime::kRescheduleVector, interrupt);
}

void add_machine(VirtualMachine& machine) {
  const Hold hold(lock);
  const MachineConfiguration& of = machine.configuration;
  const u64 now = clock::now();
  schedule::advance(scheduler, now);
  unsigned first = 0;
  const char* why =
      schedule::add_machine(scheduler, {of.shares, of.reservation, of.limit, of.cores}, machine.count, first);
  if (why != nullptr) runtime::panic("vm%u: %s", machine.number, why);
  for (unsigned i = 0; i < machine.count; ++i) {
    vcpus[first + i] = &machine.vcpus[i];
    mark_state(first + i);
    if (machine.vcpus[i].started) schedule::wake(scheduler, first + i, now);
  }
  decide(now);
}

void kick(VirtualProcessor& vcpu) {
  const Hold hold(lock);
  const unsigned index = index_of(vcpu);
  vcpu.kicked = true;
  if (scheduler.vcpus[index].state == State::Halted) {
    const u64 now = clock::now();
    schedule::wake(scheduler, index, now);
    return decide(now);
  }
  for (unsigned core = 0; core < runtime::processor_count(); ++core) {
    if (scheduler.cores[core].current == index) tell(1u << core);
  }
}

void run_core() {
  const unsigned index = runtime::this_processor().index;
  runtime::interrupts_off();
  if (index == 0 && runtime::processor_count() < scheduler.settings.cores)
    runtime::panic("a processor on which virtual machines would run has not started");
  cores[index].online = true;
  for (;;) {
    if (VirtualProcessor* vcpu = choose(index); vcpu != nullptr) {
      run_current(index, *vcpu);
    } else {
      runtime::wait_for_interrupt();
      runtime::interrupts_off();
    }
  }
}

void report_times(const VirtualMachine& machine) {
  for (unsigned i = 0; i < machine.count; ++i) {
    schedule::Vcpu vcpu;
    {
      const Hold hold(lock);
      schedule::advance(scheduler, clock::now());
      vcpu = scheduler.vcpus[index_of(machine.vcpus[i])];
    }
    const auto in = [&](State state) { return vcpu.times[static_cast<unsigned>(state)]; };
    runtime::print(
        "HVLAB vcpu vm=%u vcpu=%u running=%lu ready=%lu co-stopped=%lu halted=%lu limited=%lu skew=%lu\n",
        machine.number, i, in(State::Running), in(State::Ready), in(State::CoStopped), in(State::Halted),
        vcpu.limited, vcpu.most_skew);
    // Over, for whoever watches, though a processor may still be busy with its end.
    runtime::mark<arch::mark::Kind::VcpuState>(arch::mark::vcpu_id(machine.number, i),
                                               static_cast<u64>(State::Halted));
  }
}

const char* scheduler_name() { return schedule::name(*scheduler.policy); }

}  // namespace hvlab::hypervisor
