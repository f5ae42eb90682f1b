// A thread as a virtual processor: in the guest until something is to be done, and as preemptible as in
// ring 3.
#include "hv-models/hypervisor/run.hpp"
#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/kernel/vm_machine.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::kernel {
namespace {

using hypervisor::Outcome;
using hypervisor::VirtualProcessor;
using runtime::Hold;
using State = arch::mark::VcpuState;

void save_fpu(u8 (&to)[512]) { asm volatile("fxsave64 %0" : "=m"(to)); }
void load_fpu(const u8 (&from)[512]) { asm volatile("fxrstor64 %0" ::"m"(from)); }

void mark_state(const VirtualProcessor& vcpu, State state) {
  runtime::mark<arch::mark::Kind::VcpuState>(arch::mark::vcpu_id(vcpu.machine->number, vcpu.number),
                                             static_cast<u64>(state));
}

}  // namespace

// 0 once there may be something to do, or kInterrupted.
int VmMachine::sleep(VirtualProcessor& vcpu, Cpu& cpu) {
  mark_state(vcpu, State::Halted);
  WaitResult result = WaitResult::Woken;
  {
    const Hold hold(cpu.lock);
    while (!vcpu.kicked && result == WaitResult::Woken)
      result = cpu.sleep.wait(cpu.lock, Waiting::Killable, hypervisor::next_event(vcpu));
  }
  mark_state(vcpu, State::Running);
  return result == WaitResult::Killed ? int{kInterrupted} : 0;
}

// Interrupts that come while it is in the guest are taken right behind it, by their own handlers; who else is
// to run here then runs before the guest goes on.
int VmMachine::run_guest(VirtualProcessor& vcpu, Cpu& cpu, VmRun& run) {
  const Process& process = *current_process();
  for (;;) {
    if (process.ending) return kInterrupted;
    runtime::interrupts_off();
    while (must_give_way()) yield();
    {
      const Hold hold(cpu.lock);
      vcpu.kicked = false;
      cpu.running = runtime::this_processor().index;
    }
    if (frames_are_due()) {  // with interrupts off: who comes later has to bring the guest out again
      cpu.running = Cpu::kNone;
      runtime::interrupts_on();
      run = {VmRun::kLook, 0, {}};
      return 0;
    }
    const u64 event = hypervisor::next_event(vcpu), sends = sends_deadline();
    set_guest_deadline(event < sends ? event : sends);
    const Outcome outcome = vcpu.started || over ? hypervisor::run_once(vcpu) : Outcome::Halted;
    cpu.running = Cpu::kNone;
    runtime::interrupts_on();
    if (outcome != Outcome::Waiting && outcome != Outcome::Ended &&
        is_to_look(vcpu, cpu, outcome == Outcome::Halted)) {
      run = {VmRun::kLook, 0, {}};
      return 0;
    }
    int result = 0;
    switch (outcome) {
      case Outcome::Continue: continue;
      case Outcome::Paused: yield(); continue;
      case Outcome::Halted: result = sleep(vcpu, cpu); break;
      case Outcome::Waiting: run = {VmRun::kAccess, 0, cpu.asked}; return 0;
      case Outcome::Ended: run = {VmRun::kEnded, static_cast<unsigned>(status_), {}}; return 0;
    }
    if (result < 0) return result;
  }
}

// Between run()s the guest's FPU is in the virtual processor; during one it is the thread's, as far as the
// scheduler knows.
int VmMachine::run(unsigned index, VmRun& run) {
  VirtualProcessor& vcpu = vcpus[index];
  Cpu& cpu = cpus_[index];
  {
    const Hold hold(cpu.lock);
    if (cpu.taken) return kBusy;
    cpu.taken = true;
  }
  hypervisor::complete_access(vcpu, run.access.value);  // if it waits for one
  mark_state(vcpu, State::Running);
  alignas(16) u8 own[512];
  save_fpu(own);
  hypervisor::load_fpu(vcpu);
  const int result = run_guest(vcpu, cpu, run);
  hypervisor::save_fpu(vcpu);
  load_fpu(own);
  const Hold hold(cpu.lock);
  cpu.taken = false;
  return result;
}

}  // namespace hvlab::kernel
