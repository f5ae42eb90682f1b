#include "sim/cluster/standstill.hpp"

#include "sim/cluster/life.hpp"
#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

void look_at_disk(Simulation& sim, Index machine) {
  VirtualMachine& vm = sim.cluster.machines[machine];
  const bool frozen = vm.is_on() && !reaches_disk(sim.cluster, vm.host, machine);
  if (vm.frozen == frozen) return;
  vm.frozen = frozen;
  tell(sim, frozen ? What::DiskAway : What::DiskBack, machine, vm.host);
  if (vm.state == VmState::Running) frozen ? goes_down(sim, machine) : comes_up(sim, machine);
  if (vm.host != kNone) refresh_host(sim, vm.host);
}

void look_at_disks(Simulation& sim) {
  for (Index machine = 0; machine < sim.cluster.machines.size(); ++machine) look_at_disk(sim, machine);
}

}  // namespace hvlab::cluster
