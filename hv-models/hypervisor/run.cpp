#include "hv-models/hypervisor/run.hpp"

#include <initializer_list>

#include "hv-models/hypervisor/handlers.hpp"
#include "hv-models/hypervisor/messages.hpp"
#include "hv-models/hypervisor/shadow.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/svm/vendor.hpp"
#include "hv-models/vmx/vendor.hpp"
#include "sim/arch/exceptions.hpp"

namespace hvlab::hypervisor {

using arch::Exception;
using runtime::Hold;

const Vendor* find_vendor() {
  for (const Vendor* each : {&svm::vendor(), &vmx::vendor()})
    if (each->available()) return each;
  return nullptr;
}

const Vendor& vendor() {
  static const Vendor* const found = find_vendor();
  if (found == nullptr)
    runtime::panic("this processor has neither AMD-V (SVM) nor VT-x (VMX), or firmware has switched it off");
  return *found;
}

const char* name(ExitKind kind) {
  constexpr const char* kNames[] = {
      "interrupt", "window",    "halt",      "pause",      "cpuid",        "read-msr",      "write-msr",
      "port",      "memory",    "hypercall", "page-fault", "read-control", "write-control", "invalidate-page",
      "write-xcr", "forbidden", "nothing",   "shutdown",   "unknown"};
  static_assert(sizeof kNames / sizeof *kNames == static_cast<unsigned>(ExitKind::Count));
  return kNames[static_cast<unsigned>(kind)];
}

Outcome go_on(VirtualProcessor& vcpu, unsigned length) {
  vcpu.registers.rip += length;
  if (!vcpu.registers.long_code) vcpu.registers.rip &= 0xffff'ffff;
  vendor().end_shadow(vcpu);
  return Outcome::Continue;
}

Outcome raise(VirtualProcessor& vcpu, u8 vector) {
  vendor().inject_exception(vcpu, vector, false, 0);
  return Outcome::Continue;
}

Outcome raise_with_error(VirtualProcessor& vcpu, u8 vector, u32 error) {
  vendor().inject_exception(vcpu, vector, true, error);
  return Outcome::Continue;
}

Outcome end_machine(VirtualMachine& machine, int status) {
  bool first = false;
  {
    const Hold hold(machine.lock);
    first = !machine.over;
    machine.over = true;
    for (unsigned i = 0; i < machine.count; ++i) machine.hooks->kick(machine.vcpus[i]);
  }
  if (first) machine.hooks->ended(machine, status);
  return Outcome::Ended;
}

Outcome give_up(VirtualProcessor& vcpu, const Exit& exit, const char* what) {
  const Registers& r = vcpu.registers;
  runtime::print("vm%u: vcpu %u: %s (%s, code %lx, info %lx %lx)\n", vcpu.machine->number, vcpu.number, what,
                 name(exit.kind), exit.code, exit.info1, exit.info2);
  runtime::print("  rip %lx rflags %lx rsp %lx cr0 %lx cr2 %lx cr3 %lx cr4 %lx efer %lx cpl %u\n", r.rip,
                 r.rflags, r.gpr[4], r.cr0, r.cr2, r.cr3, r.cr4, r.efer, r.cpl);
  return end_machine(*vcpu.machine, 1);
}

namespace {

constexpr u8 kUndefined = static_cast<u8>(Exception::InvalidOpcode),
             kProtection = static_cast<u8>(Exception::GeneralProtection);

Outcome handle_interrupt(VirtualProcessor&, const Exit&) { return Outcome::Continue; }
Outcome handle_halt(VirtualProcessor& vcpu, const Exit& exit) {
  go_on(vcpu, exit.length);
  vcpu.halted = true;
  // What came while STI's shadow held it back has not been delivered: the guest wakes at once.
  return has_work(vcpu, runtime::clock::now()) ? Outcome::Continue : Outcome::Halted;
}
Outcome handle_pause(VirtualProcessor& vcpu, const Exit& exit) {
  go_on(vcpu, exit.length);
  return Outcome::Paused;
}
Outcome handle_write_xcr(VirtualProcessor& vcpu, const Exit&) {
  return raise_with_error(vcpu, kProtection, 0);
}
Outcome handle_forbidden(VirtualProcessor& vcpu, const Exit&) { return raise(vcpu, kUndefined); }
Outcome handle_nothing(VirtualProcessor& vcpu, const Exit& exit) { return go_on(vcpu, exit.length); }
Outcome handle_shutdown(VirtualProcessor& vcpu, const Exit& exit) {
  return give_up(vcpu, exit, "triple fault");
}
Outcome handle_unknown(VirtualProcessor& vcpu, const Exit& exit) {
  return give_up(vcpu, exit, "left the guest for a reason that nobody handles");
}

// By ExitKind.
constexpr Handler kHandlers[] = {
    handle_interrupt,  handle_interrupt,    handle_halt,          handle_pause,           handle_cpuid,
    handle_read_msr,   handle_write_msr,    handle_port,          handle_memory,          handle_hypercall,
    handle_page_fault, handle_read_control, handle_write_control, handle_invalidate_page, handle_write_xcr,
    handle_forbidden,  handle_nothing,      handle_shutdown,      handle_unknown};
static_assert(sizeof kHandlers / sizeof *kHandlers == static_cast<unsigned>(ExitKind::Count));

// The highest interrupt that it would take, if it can; else it is asked for when it can.
void offer_interrupts(VirtualProcessor& vcpu) {
  const Hold hold(vcpu.machine->lock);
  vcpu.apic.advance(runtime::clock::now());
  if (vcpu.nmi) {
    vcpu.nmi = false;
    vendor().inject_nmi(vcpu);
    return;
  }
  const int vector = vcpu.apic.pending();
  if (vector < 0) {
    const int held = vcpu.apic.held_back();
    if (held >= 0) vendor().ask_for_window(vcpu, static_cast<u8>(held));
    return;
  }
  if (!vendor().can_take_interrupt(vcpu)) return vendor().ask_for_window(vcpu, 0);
  vcpu.apic.take(static_cast<u8>(vector));
  vendor().inject_interrupt(vcpu, static_cast<u8>(vector));
}

Outcome handle(VirtualProcessor& vcpu) {
  vcpu.access.next = 0;
  const Outcome outcome = kHandlers[static_cast<unsigned>(vcpu.exit.kind)](vcpu, vcpu.exit);
  vcpu.unfinished = outcome == Outcome::Waiting;
  if (!vcpu.unfinished) vcpu.access = {};
  return outcome;
}

// So that the host takes what interrupted the guest.
void let_interrupts_in() {
  runtime::interrupts_on();
  asm volatile("nop");  // behind STI's shadow
  runtime::interrupts_off();
}

}  // namespace

Outcome run_once(VirtualProcessor& vcpu) {
  if (vcpu.machine->over) return Outcome::Ended;
  if (!vcpu.started) return Outcome::Halted;
  if (vcpu.access.waiting) return Outcome::Waiting;
  if (!vcpu.unfinished) {
    if (vcpu.halted) {
      if (!has_work(vcpu, runtime::clock::now())) return Outcome::Halted;
      vcpu.halted = false;
    }
    if (!vcpu.machine->direct || vcpu.nmi) offer_interrupts(vcpu);
    if (vcpu.shadow != nullptr) prepare_shadow(vcpu);
    vendor().run(vcpu, vcpu.exit);
    if (!vcpu.machine->direct) let_interrupts_in();  // else they are the guest's
  }
  __atomic_store_n(&vcpu.handled, vcpu.handled + 1, __ATOMIC_RELEASE);
  if (vcpu.machine->changes) __atomic_thread_fence(__ATOMIC_SEQ_CST);  // seen before memory is looked at
  const Outcome outcome = handle(vcpu);
  if (vcpu.machine->hooks->afterwards != nullptr) vcpu.machine->hooks->afterwards(vcpu);
  __atomic_store_n(&vcpu.handled, vcpu.handled + 1, __ATOMIC_RELEASE);
  return outcome;
}

// A processor that is in the guest takes the request when it enters the next time; one that is not takes it
// before it has entered.
void forget_translations(VirtualMachine& machine) {
  for (unsigned i = 0; i < machine.count; ++i) {
    VirtualProcessor& vcpu = machine.vcpus[i];
    mark_stale(vcpu);
    if (__atomic_load_n(&vcpu.inside, __ATOMIC_SEQ_CST)) machine.hooks->kick(vcpu);
  }
  for (unsigned i = 0; i < machine.count; ++i) {
    const VirtualProcessor& vcpu = machine.vcpus[i];
    while (__atomic_load_n(&vcpu.inside, __ATOMIC_SEQ_CST) && __atomic_load_n(&vcpu.stale, __ATOMIC_SEQ_CST))
      runtime::pause();
  }
}

void wait_for_handlers(VirtualMachine& machine) {
  for (unsigned i = 0; i < machine.count; ++i) {
    const VirtualProcessor& vcpu = machine.vcpus[i];
    const u32 before = __atomic_load_n(&vcpu.handled, __ATOMIC_SEQ_CST);
    while (before % 2 != 0 && __atomic_load_n(&vcpu.handled, __ATOMIC_SEQ_CST) == before) runtime::pause();
  }
}

bool has_work(VirtualProcessor& vcpu, u64 now) {
  if (!vcpu.started) return false;
  if (!vcpu.halted) return !vcpu.access.waiting;
  const Hold hold(vcpu.machine->lock);
  vcpu.apic.advance(now);
  return vcpu.nmi || vcpu.apic.pending() >= 0 || vcpu.machine->over;
}

u64 next_event(const VirtualProcessor& vcpu) {
  // The timer of one that cannot run now wakes nobody, however long ago it was due.
  const bool stands = !vcpu.started || vcpu.machine->over || vcpu.access.waiting;
  return stands ? runtime::clock::kNever : vcpu.apic.deadline();
}

bool access_device(VirtualProcessor& vcpu, Access& access) {
  PendingAccess& pending = vcpu.access;
  if (pending.next < pending.answered) {
    access.value = pending.values[pending.next++];
    return true;
  }
  VirtualMachine& machine = *vcpu.machine;
  const Hold hold(machine.lock);
  pending.waiting = true;  // before anybody can answer
  if (!machine.door.access(machine.door.context, vcpu, access)) return false;
  pending.waiting = false;
  if (pending.answered < PendingAccess::kMost) pending.values[pending.answered++] = access.value;
  ++pending.next;
  return true;
}

void complete_access(VirtualProcessor& vcpu, u64 value) {
  {
    const Hold hold(vcpu.machine->lock);
    if (!vcpu.access.waiting) return;
    if (vcpu.access.answered < PendingAccess::kMost) vcpu.access.values[vcpu.access.answered++] = value;
    __atomic_store_n(&vcpu.access.waiting, false, __ATOMIC_RELEASE);
  }
  vcpu.machine->hooks->kick(vcpu);
}

void load_fpu(const VirtualProcessor& vcpu) { asm volatile("fxrstor64 (%0)" ::"r"(vcpu.fpu) : "memory"); }
void save_fpu(VirtualProcessor& vcpu) { asm volatile("fxsave64 (%0)" ::"r"(vcpu.fpu) : "memory"); }

}  // namespace hvlab::hypervisor
