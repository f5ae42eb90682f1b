#include "hv-models/hypervisor/cores.hpp"

#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::hypervisor {
namespace {

using runtime::Hold;
namespace clock = runtime::clock;
using State = arch::mark::VcpuState;

constexpr clock::Nanoseconds kSlice = 10'000'000;
constexpr unsigned kMost = (kMostMachines + 1) * kMostVirtualProcessors;

struct Core {
  VirtualProcessor* current = nullptr;
  VirtualProcessor* fpu = nullptr;  // whose floating-point registers are in the processor
  bool idle = false;
  u64 slice_end = 0;
};

// Of all of this. A machine's lock may be held when it is taken (kick), never the other way round: what is
// asked of a virtual processor under it are plain words.
runtime::SpinLock lock;
Core cores[runtime::kMostProcessors];
VirtualProcessor* vcpus[kMost] = {};
State states[kMost] = {};
unsigned count = 0, next = 0;

void begin_state(unsigned index, State state) {
  states[index] = state;
  const VirtualProcessor& vcpu = *vcpus[index];
  runtime::mark<arch::mark::Kind::VcpuState>(arch::mark::vcpu_id(vcpu.machine->number, vcpu.number),
                                             static_cast<u64>(state));
}
void set_state(unsigned index, State state) {
  if (states[index] != state) begin_state(index, state);
}

unsigned index_of(const VirtualProcessor& vcpu) {
  unsigned index = 0;
  while (vcpus[index] != &vcpu) ++index;
  return index;
}

void interrupt(runtime::TrapFrame&) { runtime::apic::end_of_interrupt(); }

void tell(unsigned core) {
  runtime::apic::send(runtime::processor(core).apic_id, runtime::kRescheduleVector);
}

void wake_idle_core() {
  for (unsigned i = 0; i < runtime::processor_count(); ++i) {
    if (!cores[i].idle) continue;
    cores[i].idle = false;
    return tell(i);
  }
}

bool may_run(const VirtualProcessor& vcpu, unsigned core) {
  return (vcpu.machine->configuration.cores >> core & 1) != 0;
}

// Halted ones whose time has come become ready. Lock held.
void wake_sleepers(u64 now) {
  for (unsigned i = 0; i < count; ++i) {
    if (states[i] == State::Halted && next_event(*vcpus[i]) <= now) set_state(i, State::Ready);
  }
}

// The next ready one, round and round. Lock held.
VirtualProcessor* choose(unsigned core) {
  for (unsigned tried = 0; tried < count; ++tried) {
    const unsigned i = next++ % count;
    if (states[i] != State::Ready || !may_run(*vcpus[i], core)) continue;
    set_state(i, State::Running);
    return vcpus[i];
  }
  return nullptr;
}

// Slice, own timer, and the timers of those that halted on any processor. Lock held.
void set_timer(const Core& core) {
  u64 deadline = core.current != nullptr ? core.slice_end : clock::kNever;
  for (unsigned i = 0; i < count; ++i) {
    if (states[i] != State::Halted && vcpus[i] != core.current) continue;
    const u64 event = next_event(*vcpus[i]);
    if (event < deadline) deadline = event;
  }
  clock::interrupt_at(deadline);
}

void switch_fpu(Core& core, VirtualProcessor& vcpu) {
  if (core.fpu == &vcpu) return;
  load_fpu(vcpu);
  core.fpu = &vcpu;
}

void leave(Core& core, State state) {
  VirtualProcessor& vcpu = *core.current;
  save_fpu(vcpu);
  core.fpu = nullptr;
  const Hold hold(lock);
  core.current = nullptr;
  set_state(index_of(vcpu), state);
  // Somebody may have kicked it since it was last looked at.
  if (vcpu.kicked) set_state(index_of(vcpu), State::Ready);
  wake_idle_core();
}

bool others_wait() {
  for (unsigned i = 0; i < count; ++i) {
    if (states[i] == State::Ready) return true;
  }
  return false;
}

void run_current(Core& core) {
  VirtualProcessor& vcpu = *core.current;
  switch_fpu(core, vcpu);
  for (;;) {
    vcpu.kicked = false;
    const Outcome outcome = run_once(vcpu);
    if (outcome == Outcome::Halted || outcome == Outcome::Waiting) return leave(core, State::Halted);
    if (outcome == Outcome::Ended) {
      vcpu.started = false;
      return leave(core, State::Halted);
    }
    const u64 now = clock::now();
    const Hold hold(lock);
    wake_sleepers(now);
    if ((outcome == Outcome::Paused || now >= core.slice_end) && others_wait()) break;
    if (now >= core.slice_end) core.slice_end = now + kSlice;
    set_timer(core);
  }
  leave(core, State::Ready);
}

}  // namespace

void set_up_cores() {
  runtime::set_handler(runtime::kTimerVector, interrupt);
  runtime::set_handler(runtime::kRescheduleVector, interrupt);
}

void add_machine(VirtualMachine& machine) {
  const Hold hold(lock);
  for (unsigned i = 0; i < machine.count; ++i) {
    vcpus[count] = &machine.vcpus[i];
    begin_state(count, State::Halted);
    if (machine.vcpus[i].started) set_state(count, State::Ready);
    ++count;
  }
  wake_idle_core();
}

void kick(VirtualProcessor& vcpu) {
  const Hold hold(lock);
  const unsigned index = index_of(vcpu), self = runtime::this_processor().index;
  vcpu.kicked = true;
  if (states[index] == State::Running) {
    for (unsigned i = 0; i < runtime::processor_count(); ++i) {
      if (cores[i].current == &vcpu && i != self) tell(i);
    }
    return;
  }
  if (states[index] == State::Halted) set_state(index, State::Ready);
  wake_idle_core();
}

void run_core() {
  const unsigned index = runtime::this_processor().index;
  Core& core = cores[index];
  runtime::interrupts_off();
  for (;;) {
    {
      const Hold hold(lock);
      const u64 now = clock::now();
      wake_sleepers(now);
      core.current = choose(index);
      core.slice_end = now + kSlice;
      core.idle = core.current == nullptr;
      set_timer(core);
    }
    if (core.current != nullptr) {
      run_current(core);
    } else {
      runtime::wait_for_interrupt();
      runtime::interrupts_off();
    }
  }
}

}  // namespace hvlab::hypervisor
