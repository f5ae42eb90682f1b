// Send combining: writes to a doorbell that the program gets to see together, by one return from the guest
// for several (Sugerman, Venkitachalam and Lim, USENIX 2001, 3.2).
#include "hv-models/hypervisor/exit.hpp"
#include "hv-models/kernel/vm_machine.hpp"
#include "hv-models/runtime/clock.hpp"

namespace hvlab::kernel {

using hypervisor::VirtualProcessor;
using runtime::Hold;

namespace {

constexpr u64 kLongestWait = 100'000;  // nanoseconds

unsigned read(const unsigned& count) { return __atomic_load_n(&count, __ATOMIC_ACQUIRE); }

}  // namespace

void VmMachine::combine(const VmSends& wanted) {
  const Hold hold(lock);
  sends_ = wanted;
}

// Machine's lock held.
bool VmMachine::put_off(const devices::Access& access) {
  if (sends_.most < 2 || !access.write || access.space != devices::Space::Memory ||
      access.address != sends_.address)
    return false;
  last_send_ = access;
  if (waiting_sends_ == 0) first_send_at_ = runtime::clock::now();
  __atomic_store_n(&waiting_sends_, waiting_sends_ + 1, __ATOMIC_RELEASE);
  return true;
}

bool VmMachine::take_sends(devices::Access& last) {
  const Hold hold(lock);
  const bool any = waiting_sends_ > 0;
  last = last_send_;
  __atomic_store_n(&waiting_sends_, 0, __ATOMIC_RELEASE);
  return any;
}

// When the guest has to be left for those that wait.
u64 VmMachine::sends_deadline() const {
  return read(waiting_sends_) > 0 ? first_send_at_ + kLongestWait : ~u64{0};
}

// Whoever has left the guest anyway takes them along.
bool VmMachine::sends_are_due(const VirtualProcessor& vcpu, bool halted) const {
  const unsigned waiting = read(waiting_sends_);
  return waiting > 0 &&
         (halted || waiting >= sends_.most || vcpu.exit.kind == hypervisor::ExitKind::Interrupt);
}

}  // namespace hvlab::kernel
