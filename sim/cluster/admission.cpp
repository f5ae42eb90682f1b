#include "sim/cluster/admission.hpp"

#include <algorithm>
#include <map>

#include "sim/cluster/ha_parts.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

// A slot has at least this (das.vmcpuminmhz of vSphere 5 and later; it was 256 MHz in vSphere 4). All memory
// is reserved here.
u64 least_slot(const Simulation& sim) { return elects(sim.ha.timings) ? 32 : 256; }

u64 beyond(u64 needed, u64 there) { return needed - std::min(needed, there); }

}  // namespace

Admissions::Admissions(const Simulation& sim) : sim_(sim) {
  if (!sim.ha.on || sim.ha.admission == Admission::None) return;
  slot_.mhz = least_slot(sim);
  std::map<std::pair<u64, u64>, u64> kinds;
  for (const Host& host : sim.cluster.hosts) {
    reserved_ += host.reserved;
    committed_ += host.committed;
    if (!host.takes_machines()) continue;
    mhz_ += host.capacity();
    memory_ += host.memory;
    ++kinds[{host.capacity(), host.memory}];
  }
  for (const auto& [kind, hosts] : kinds) kinds_.push_back({kind.first, kind.second, hosts});
  for (Index machine = 0; machine < sim.cluster.machines.size(); ++machine) {
    if (!sim.cluster.machines[machine].is_on()) continue;
    slot_ = with(slot_, machine);
    ++used_;
  }
}

Admissions::Slot Admissions::with(Slot slot, Index machine) const {
  const VirtualMachine& vm = sim_.cluster.machines[machine];
  return {std::max<u64>(slot.mhz, vm.reservation), std::max(slot.memory, memory_on_host(sim_.cluster, vm))};
}

// Those hosts with the most slots may be those that fail.
u64 Admissions::slots_kept(Slot slot) const {
  if (kept_.first == slot) return kept_.second;
  std::vector<std::pair<u64, u64>> slots;  // of a host, and how many hosts
  slots.reserve(kinds_.size());
  for (const Kind& kind : kinds_)
    slots.emplace_back(std::min(kind.mhz / slot.mhz, kind.memory / slot.memory), kind.hosts);
  std::ranges::sort(slots, std::greater{});
  u64 kept = 0, fail = sim_.ha.failures;
  for (const auto& [each, hosts] : slots) {
    const u64 failed = std::min(fail, hosts);
    fail -= failed;
    kept += each * (hosts - failed);
  }
  kept_ = {slot, kept};
  return kept;
}

Lack Admissions::lack_of_slots(Index machine) const {
  const u64 lack = beyond(used_ + 1, slots_kept(with(slot_, machine)));
  return lack == 0 ? Lack{} : Lack{Lack::Of::Slots, lack};
}

Lack Admissions::lack_of_part(Index machine) const {
  const VirtualMachine& vm = sim_.cluster.machines[machine];
  const u64 used = 1000 - std::min(sim_.ha.part, 1000u);
  const u64 mhz = beyond(reserved_ + vm.reservation, mhz_ * used / 1000);
  const u64 memory = beyond(committed_ + memory_on_host(sim_.cluster, vm), memory_ * used / 1000);
  if (memory != 0) return {Lack::Of::Memory, memory};
  return mhz == 0 ? Lack{} : Lack{Lack::Of::ProcessorTime, mhz};
}

Lack Admissions::lack(Index machine) const {
  if (!sim_.ha.on || sim_.ha.admission == Admission::None) return {};
  return sim_.ha.admission == Admission::HostFailures ? lack_of_slots(machine) : lack_of_part(machine);
}

void Admissions::started(Index machine) {
  slot_ = with(slot_, machine);
  ++used_;
  reserved_ += sim_.cluster.machines[machine].reservation;
  committed_ += memory_on_host(sim_.cluster, sim_.cluster.machines[machine]);
}

void tell_no_spare(Simulation& sim, Index machine, Index host, Lack lack) {
  tell(sim, What::Refused, machine, host, kNone, static_cast<u64>(Refusal::Spare));
  RefusalPart part;
  part.why = Refusal::Spare;
  part.lack = lack;
  explain(sim, sim.log.size() - 1, {part}, false);
}

}  // namespace hvlab::cluster
