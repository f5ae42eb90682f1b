// Room that is kept for failures when machines are started.
#include <algorithm>

#include "sim/cluster/availability.hpp"
#include "sim/cluster/ha_parts.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

// A slot holds any machine: it has the largest reservation of processor time, and at least this
// (das.vmcpuminmhz of vSphere 5 and later; it was 256 MHz in vSphere 4), and the largest memory, all of which
// is reserved here.
u64 least_slot(const Simulation& sim) { return elects(sim.ha.timings) ? 32 : 256; }

struct Slots {
  u64 mhz = 0;
  u64 memory = 1;
  u64 used = 0;
};

void take_slot(const Simulation& sim, const VirtualMachine& vm, Slots& slots) {
  slots.mhz = std::max<u64>(slots.mhz, vm.reservation);
  slots.memory = std::max(slots.memory, memory_on_host(sim.cluster, vm));
  ++slots.used;
}

bool leaves_slots(const Simulation& sim, Index machine) {
  Slots slots;
  slots.mhz = least_slot(sim);
  take_slot(sim, sim.cluster.machines[machine], slots);
  for (const VirtualMachine& vm : sim.cluster.machines)
    if (vm.is_on()) take_slot(sim, vm, slots);
  std::vector<u64> all;
  for (const Host& host : sim.cluster.hosts)
    if (host.takes_machines())
      all.push_back(std::min(host.capacity() / slots.mhz, host.memory / slots.memory));
  std::ranges::sort(all);  // those with the most slots may be those that fail
  u64 kept = 0;
  for (size_t i = 0; i + sim.ha.failures < all.size(); ++i) kept += all[i];
  return slots.used <= kept;
}

bool leaves_part(const Simulation& sim, Index machine) {
  u64 processors = 0, memory = 0;
  u64 reserved = sim.cluster.machines[machine].reservation;
  u64 committed = memory_on_host(sim.cluster, sim.cluster.machines[machine]);
  for (const Host& host : sim.cluster.hosts) {
    reserved += host.reserved;
    committed += host.committed;
    if (!host.takes_machines()) continue;
    processors += host.capacity();
    memory += host.memory;
  }
  const u64 used = 1000 - std::min(sim.ha.part, 1000u);
  return reserved <= processors * used / 1000 && committed <= memory * used / 1000;
}

}  // namespace

bool leaves_spare(const Simulation& sim, Index machine) {
  if (!sim.ha.on || sim.ha.admission == Admission::None) return true;
  return sim.ha.admission == Admission::HostFailures ? leaves_slots(sim, machine) : leaves_part(sim, machine);
}

}  // namespace hvlab::cluster
