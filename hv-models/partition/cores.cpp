#include "hv-models/partition/cores.hpp"

#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/processors.hpp"
#include "sim/arch/apic.hpp"
#include "sim/arch/exceptions.hpp"

namespace hvlab::partition {
namespace {

using namespace hypervisor;
using State = arch::mark::VcpuState;

VirtualMachine* owners[runtime::kMostProcessors] = {};
VirtualProcessor* vcpus[runtime::kMostProcessors] = {};
bool released = false;

unsigned core_of(const VirtualProcessor& vcpu) {
  unsigned core = 0;
  while (vcpus[core] != &vcpu) ++core;
  return core;
}

void mark_state(const VirtualProcessor& vcpu, State state) {
  runtime::mark<arch::mark::Kind::VcpuState>(arch::mark::vcpu_id(vcpu.machine->number, vcpu.number),
                                             static_cast<u64>(state));
}

// A kick that found this core in the firmware: it looks at its virtual processor before it enters it anyway.
// Without one it is a panic's, and this core stops.
void take_nmi(runtime::TrapFrame& frame) {
  if (vcpus[runtime::this_processor().index] == nullptr) runtime::halt_forever();
  vendor().event_arrived(frame);
}

void secondary_main() {
  vendor().enable();
  while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) runtime::pause();
  runtime::apic::use_msrs();
  run_core();
}

}  // namespace

// The I/O APIC and the firmware's own messages need ids of 8 bits, which all processors here have.
void set_up_cores() {
  runtime::set_handler(static_cast<u8>(arch::Exception::Nmi), take_nmi);
  runtime::start_other_processors(secondary_main);
  runtime::apic::use_msrs();
}

void take_cores(VirtualMachine& machine, unsigned count) {
  const u32 allowed = machine.configuration.cores;
  for (unsigned core = 0; core < runtime::processor_count() && count > 0; ++core) {
    if (owners[core] != nullptr || (allowed >> core & 1) == 0) continue;
    owners[core] = &machine;
    --count;
  }
  if (count > 0)
    runtime::panic("vm%u: %u cores are missing: each virtual processor of a partition has one to itself",
                   machine.number, count);
}

void bind_cores(VirtualMachine& machine) {
  namespace a = arch::apic;
  unsigned next = 0;
  for (unsigned core = 0; core < runtime::processor_count(); ++core) {
    if (owners[core] != &machine) continue;
    VirtualProcessor& vcpu = machine.vcpus[next++];
    vcpu.apic.reset(runtime::processor(core).apic_id);
    vcpu.apic.set_base(a::kDefaultBase | a::kBaseEnable | a::kBaseX2apic);
    vcpus[core] = &vcpu;
    mark_state(vcpu, State::Halted);
  }
}

void release_cores() { __atomic_store_n(&released, true, __ATOMIC_RELEASE); }

void run_core() {
  runtime::interrupts_off();
  VirtualProcessor* vcpu = vcpus[runtime::this_processor().index];
  if (vcpu == nullptr) runtime::halt_forever();
  // Until the partition's start-up message: shortly, since a kernel starts all processors it finds.
  while (!__atomic_load_n(&vcpu->started, __ATOMIC_ACQUIRE) && !vcpu->machine->over) runtime::pause();
  mark_state(*vcpu, State::Running);
  load_fpu(*vcpu);
  Outcome outcome = Outcome::Continue;
  while (outcome != Outcome::Ended) {
    vendor().hold_events();
    outcome = run_once(*vcpu);
  }
  mark_state(*vcpu, State::Halted);
  runtime::halt_forever();
}

void kick(VirtualProcessor& vcpu) {
  const unsigned core = core_of(vcpu);
  if (core != runtime::this_processor().index) runtime::apic::send_nmi(runtime::processor(core).apic_id);
}

void interrupt(VirtualProcessor& vcpu, u8 vector) {
  if (vector >= 16) runtime::apic::send(vcpu.apic.id(), vector);
}

}  // namespace hvlab::partition
