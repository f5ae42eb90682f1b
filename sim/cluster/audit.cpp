#include "sim/cluster/audit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cluster/load.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

using Broken = std::vector<std::string>;

void machines_are_where_they_are(const Simulation& sim, Broken& broken) {
  std::vector<u32> seen(sim.cluster.machines.size());
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    for (const Index machine : sim.cluster.hosts[host].machines) {
      ++seen[machine];
      if (sim.cluster.machines[machine].host != host)
        broken.push_back(fmt::format("host {} has machine {}, which is on another", host, machine));
    }
  }
  for (Index i = 0; i < seen.size(); ++i) {
    const VirtualMachine& vm = sim.cluster.machines[i];
    if (seen[i] > 1) broken.push_back(fmt::format("machine {} is on {} hosts", i, seen[i]));
    if (vm.is_on() != (seen[i] == 1))
      broken.push_back(
          fmt::format("machine {} is {} and on {} hosts", i, vm.is_on() ? "on" : "off", seen[i]));
    if (vm.host != kNone && sim.cluster.hosts[vm.host].state != HostState::On)
      broken.push_back(fmt::format("machine {} is on host {}, which is not on", i, vm.host));
  }
}

void memory_is_what_is_committed(const Simulation& sim, Broken& broken) {
  std::vector<u64> sums(sim.cluster.hosts.size());
  for (const VirtualMachine& vm : sim.cluster.machines) {
    if (vm.host != kNone) sums[vm.host] += memory_on_host(sim.cluster, vm);
    if (vm.migration == kNone) continue;
    const Move& move = sim.moves.all[vm.migration];
    if (move.phase != MovePhase::Waiting && move.to != move.from)
      sums[move.to] += memory_on_host(sim.cluster, vm);
  }
  for (Index host = 0; host < sums.size(); ++host) {
    const Host& at = sim.cluster.hosts[host];
    if (sums[host] != at.committed)
      broken.push_back(
          fmt::format("host {} has {} MiB committed, its machines take {}", host, at.committed, sums[host]));
    if (at.committed > at.memory)
      broken.push_back(fmt::format("host {} has more memory committed than it has", host));
  }
}

void reservations_fit(const Simulation& sim, Broken& broken) {
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    const Host& at = sim.cluster.hosts[host];
    u64 sum = 0;
    for (const Index machine : at.machines) sum += sim.cluster.machines[machine].reservation;
    for (const Index machine : at.coming) sum += sim.cluster.machines[machine].reservation;
    if (sum != at.reserved)
      broken.push_back(fmt::format("host {} has {} MHz reserved, its machines {}", host, at.reserved, sum));
    if (at.reserved > at.capacity())
      broken.push_back(fmt::format("host {} has reserved more than it has", host));
  }
}

void processor_time_given_is_used(const Simulation& sim, Broken& broken) {
  Sum given = 0, used = 0;
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    const Host& at = sim.cluster.hosts[host];
    given += at.used;
    if (at.used + at.in_service > at.offered)
      broken.push_back(fmt::format("host {} gave more processor time than it had", host));
    u64 now = 0;
    for (const Index machine : at.machines) now += sim.cluster.machines[machine].gets;
    if (now != at.given)
      broken.push_back(fmt::format("host {} gives {} MHz, its machines get {}", host, at.given, now));
  }
  for (Index i = 0; i < sim.cluster.machines.size(); ++i) {
    const VirtualMachine& vm = sim.cluster.machines[i];
    used += vm.used;
    if (vm.used > vm.wanted) broken.push_back(fmt::format("machine {} got more than it wanted", i));
  }
  if (given != used) broken.push_back("processor time given and used differ");
}

void bytes_sent_are_received(const Simulation& sim, Broken& broken) {
  u64 sent = 0, received = 0;
  for (const Nic& nic : sim.cluster.nics) sent += nic.sent, received += nic.received;
  if (sent != received) broken.push_back(fmt::format("{} bytes sent, {} received", sent, received));
  if (sent != sim.flows.bytes_on_lanes)
    broken.push_back(fmt::format("{} bytes sent, {} copied", sent, sim.flows.bytes_on_lanes));
}

void cards_carry_what_they_can(const Simulation& sim, Broken& broken) {
  Sum carried = 0, given = 0;
  for (const Host& host : sim.cluster.hosts) {
    given += host.traffic_given;
    if (host.traffic_given > host.traffic_wanted)
      broken.push_back("a host's machines sent more than they wanted");
  }
  for (const Nic& nic : sim.cluster.nics) {
    for (const Direction& way : nic.ways) {
      carried += way.carried;
      if (way.copied + way.given > nic.mbps * u64{125'000})
        broken.push_back(
            fmt::format("a card of host {} carries {} and {} bytes/s", nic.host, way.copied, way.given));
    }
  }
  if (carried != given) broken.push_back("machines' traffic on cards and of hosts differs");
}

void moves_and_machines_agree(const Simulation& sim, Broken& broken) {
  std::vector<u32> held(sim.cluster.hosts.size());
  for (Index place = 0; place < sim.moves.all.size(); ++place) {
    const Move& move = sim.moves.all[place];
    if (move.is_over()) continue;
    const VirtualMachine& vm = sim.cluster.machines[move.machine];
    if (vm.migration != place) broken.push_back(fmt::format("machine {} has two moves", move.machine));
    if (vm.host != move.from)
      broken.push_back(fmt::format("machine {} moves from where it is not", move.machine));
    const bool stopped = move.phase == MovePhase::LastCopy || move.phase == MovePhase::SwitchOver;
    if (stopped != (vm.state == VmState::Stopped))
      broken.push_back(
          fmt::format("machine {} and its move disagree on whether it is stopped", move.machine));
    if (move.phase == MovePhase::Waiting) continue;
    ++held[move.from];
    ++held[move.to];
  }
  for (Index host = 0; host < held.size(); ++host)
    if (held[host] != sim.cluster.hosts[host].moving)
      broken.push_back(
          fmt::format("host {} counts {} moves of {}", host, sim.cluster.hosts[host].moving, held[host]));
  for (Index i = 0; i < sim.cluster.machines.size(); ++i) {
    const VirtualMachine& vm = sim.cluster.machines[i];
    if (vm.state == VmState::Stopped && vm.migration == kNone)
      broken.push_back(fmt::format("machine {} is stopped for ever", i));
  }
}

void nobody_is_forgotten(const Simulation& sim, Broken& broken) {
  for (Index i = 0; i < sim.cluster.machines.size(); ++i) {
    const VirtualMachine& vm = sim.cluster.machines[i];
    const bool off = vm.should_run && (!vm.is_on() || vm.state == VmState::Stopped);
    if (off && vm.down_since == kForever)
      broken.push_back(fmt::format("machine {} is down and nobody counts", i));
    if (vm.frozen != (vm.is_on() && !reaches_disk(sim.cluster, vm.host, i)))
      broken.push_back(fmt::format("machine {} and its disk disagree on whether it stands still", i));
    if (vm.state == VmState::Running && vm.should_run && vm.frozen != (vm.down_since != kForever))
      broken.push_back(fmt::format(
          "machine {} {}", i, vm.frozen ? "stands still and nobody counts" : "serves and counts as down"));
    if (!sim.ha.on || !vm.should_run || vm.is_on() || vm.priority == Priority::Never) continue;
    const auto known =
        std::ranges::count(sim.ha.lost, i, &Lost::machine) + static_cast<i64>(waits_for_service(sim, i));
    if (known != 1)
      broken.push_back(fmt::format("machine {} is down and stands {} times among those lost", i, known));
  }
}

void lost_data_was_told(const Simulation& sim, Broken& broken) {
  for (Index store = 0; store < sim.cluster.datastores.size(); ++store) {
    const auto told = std::ranges::count_if(
        sim.log, [&](const Occurrence& what) { return what.what == What::DataLost && what.other == store; });
    const auto& disks = sim.cluster.pool.disks;
    const auto pooled =
        store == sim.cluster.pool.datastore ? std::ranges::count(disks, true, &PooledDisk::lost) : 0;
    if (told != pooled + (lost(sim.cluster.datastores[store]) ? 1 : 0))
      broken.push_back(fmt::format("datastore {} lost data, told {} times", store, told));
  }
}

void disks_are_where_they_are(const Simulation& sim, Broken& broken) {
  std::vector<u64> sums(sim.cluster.datastores.size());
  for (const VirtualMachine& vm : sim.cluster.machines) {
    if (vm.datastore != kNone) sums[vm.datastore] += disk_space(vm);
    if (vm.migration == kNone) continue;
    const Move& move = sim.moves.all[vm.migration];
    if (move.phase != MovePhase::Waiting && move.datastore != kNone) sums[move.datastore] += disk_space(vm);
  }
  for (Index store = 0; store < sums.size(); ++store)
    if (sums[store] != sim.cluster.datastores[store].used)
      broken.push_back(fmt::format("datastore {} has {} GiB used, disks take {}", store,
                                   sim.cluster.datastores[store].used, sums[store]));
}

void those_apart_are(const Simulation& sim, Broken& broken) {
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    std::vector<u16> rules;
    const Host& at = sim.cluster.hosts[host];
    for (const auto* list : {&at.machines, &at.coming})
      for (const Index machine : *list)
        if (const u16 rule = sim.cluster.machines[machine].apart; rule != 0) rules.push_back(rule);
    std::ranges::sort(rules);
    if (std::ranges::adjacent_find(rules) != rules.end())
      broken.push_back(fmt::format("host {} has two machines that are to be apart", host));
  }
}

// Nothing is done that a machine got no time for, and no task is forgotten.
void tasks_take_what_machines_get(const Simulation& sim, Broken& broken) {
  std::vector<u64> rates(sim.cluster.machines.size()), open(sim.cluster.machines.size());
  for (const Task& task : sim.tasks) {
    rates[task.machine] += task.rate;
    open[task.machine] += task.ended == kForever ? 1 : 0;
  }
  for (Index i = 0; i < sim.cluster.machines.size(); ++i) {
    const VirtualMachine& vm = sim.cluster.machines[i];
    if (rates[i] > vm.gets)
      broken.push_back(fmt::format("machine {} gets {} MHz, its tasks {}", i, vm.gets, rates[i]));
    if (open[i] != vm.tasks)
      broken.push_back(fmt::format("machine {} has {} tasks to do and knows of {}", i, open[i], vm.tasks));
  }
}

}  // namespace

std::vector<std::string> broken_laws(Simulation& sim) {
  settle_all(sim);
  Broken broken;
  for (const auto law : {machines_are_where_they_are, memory_is_what_is_committed, reservations_fit,
                         processor_time_given_is_used, bytes_sent_are_received, cards_carry_what_they_can,
                         check_pool, moves_and_machines_agree, nobody_is_forgotten, lost_data_was_told,
                         disks_are_where_they_are, those_apart_are, tasks_take_what_machines_get})
    law(sim, broken);
  return broken;
}

}  // namespace hvlab::cluster
