// The page that a virtual machine's program shares with the kernel: registers of its card that the kernel
// answers without the program (Sugerman, Venkitachalam and Lim, USENIX 2001, 3.3: handling in the VMM), and
// frames that come (there: IRQ notification).
#include "hv-models/hypervisor/exit.hpp"
#include "hv-models/kernel/address_space.hpp"
#include "hv-models/kernel/kept_registers.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/tap.hpp"
#include "hv-models/kernel/vm_machine.hpp"

namespace hvlab::kernel {

using runtime::Hold;

int VmMachine::share(AddressSpace& space, u64 address) {
  u64 page = 0;
  if (const int result = space.pin(address, 1, &page); result < 0) return result;
  const Hold hold(lock);
  if (page_ != nullptr) {
    release_page(page);
    return kBusy;
  }
  __atomic_store_n(&page_, runtime::direct<VmPage>(page), __ATOMIC_RELEASE);
  return 0;
}

int VmMachine::keep_registers(const VmKept& wanted) {
  const Hold hold(lock);
  if (page_ == nullptr || !is_well(wanted)) return kInvalid;
  kept_ = wanted;
  if (kept_.count > 0) follow_registers();
  return 0;
}

// Machine's lock held.
void VmMachine::follow_registers() { set_line(*this, kept_.pin, follow_line(*page_, kept_)); }

// Machine's lock held. True if the access is done.
bool VmMachine::answer(devices::Access& access, bool& look) {
  if (kept_.count == 0) return false;
  const Answer answer = answer_access(*page_, kept_, access);
  if (answer.moves_line) follow_registers();
  look = look || answer.watched;
  return answer.done;
}

int VmMachine::listen(const Ref<OpenFile>& tap, bool always) {
  if (!tap || tap->tap() == nullptr) return kBadFile;
  {
    const Hold hold(lock);
    if (page_ == nullptr) return kInvalid;
    if (tap_) return kBusy;
    tap_ = tap;
  }
  if (tap->tap()->listen({frames_arrived, this})) {
    always_ = always;
    return 0;
  }
  const Hold hold(lock);
  tap_ = {};
  return kBusy;
}

// Network lock held. Some processor is to see it: one that an interrupt has brought out of the guest does
// anyway.
void VmMachine::frames_arrived(void* self, unsigned waiting) {
  VmMachine& machine = *static_cast<VmMachine*>(self);
  const bool more = waiting > machine.waiting_frames_;
  machine.waiting_frames_ = waiting;
  __atomic_store_n(&machine.page_->frames, waiting, __ATOMIC_SEQ_CST);
  if (!more) return;
  __atomic_store_n(&machine.frames_, true, __ATOMIC_SEQ_CST);
  kick(machine.vcpus[0]);
}

// For one processor, once: the program takes all that are there, or those that it has no room for when it
// has.
bool VmMachine::frames_are_due() {
  return __atomic_load_n(&frames_, __ATOMIC_SEQ_CST) &&
         __atomic_exchange_n(&frames_, false, __ATOMIC_SEQ_CST);
}

// Behind an exit after which the guest could go on, or has halted.
bool VmMachine::is_to_look(const hypervisor::VirtualProcessor& vcpu, Cpu& cpu, bool halted) const {
  const bool watched = cpu.look;
  cpu.look = false;
  return watched || (always_ && vcpu.exit.kind == hypervisor::ExitKind::Interrupt) ||
         sends_are_due(vcpu, halted);
}

}  // namespace hvlab::kernel
