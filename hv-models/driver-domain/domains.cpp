#include "hv-models/driver-domain/domains.hpp"

#include "hv-models/hypervisor/messages.hpp"

namespace hvlab::driver_domain {

using runtime::Hold;

namespace {

Domain domains[hypervisor::kMostMachines + 1];
unsigned count = 1;

}  // namespace

Domain& domain(unsigned index) { return domains[index]; }
unsigned domain_count() { return count; }
Domain* guest(u64 index) { return index != kManagement && index < count ? &domains[index] : nullptr; }
void set_domain_count(unsigned to) { count = to; }

Domain& domain_of(const VirtualMachine& machine) {
  unsigned index = 0;
  while (&domains[index].machine != &machine) ++index;
  return domains[index];
}

unsigned index_of(const Domain& domain) { return static_cast<unsigned>(&domain - domains); }

// The bit first, then the interrupt: who takes the interrupt finds the bit.
void send_event(Domain& to, unsigned channel) {
  {
    const Hold hold(to.lock);
    if (to.shared == nullptr) return;
    const u64 bit = u64{1} << channel;
    if ((__atomic_fetch_or(&to.shared->pending, bit, __ATOMIC_SEQ_CST) & bit) != 0)
      return;  // it has been told
  }
  const Hold hold(to.machine.lock);
  hypervisor::VirtualProcessor& first = to.machine.vcpus[0];
  first.apic.accept(to.vector, false);
  to.machine.hooks->kick(first);
}

}  // namespace hvlab::driver_domain
