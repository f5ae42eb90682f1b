#include "sim/cluster/recording.hpp"

#include <algorithm>

#include "sim/cluster/log_text.hpp"

namespace hvlab::cluster {

static_assert(kNone == record::kNobody);

namespace {

using record::HostCondition;
using record::MachineCondition;

u32 number(auto condition) { return static_cast<u32>(condition); }

HostCondition condition_of(const Host& host) {
  switch (host.state) {
    case HostState::On: return host.maintenance ? HostCondition::Maintenance : HostCondition::On;
    case HostState::Off: return HostCondition::Off;
    case HostState::Failed: return HostCondition::Failed;
    case HostState::Booting: return HostCondition::Booting;
  }
  return HostCondition::Off;
}

MachineCondition condition_of(const VirtualMachine& vm) {
  if (vm.frozen && vm.is_on()) return MachineCondition::Frozen;
  switch (vm.state) {
    case VmState::Off: return MachineCondition::Off;
    case VmState::Starting: return MachineCondition::Starting;
    case VmState::Running: return MachineCondition::Running;
    case VmState::Stopped: return MachineCondition::Stopped;
  }
  return MachineCondition::Off;
}

u32 number_of(u64 large) { return static_cast<u32>(std::min<u64>(large, record::kNobody - 1)); }

// What the oldest watcher but itself thinks of it.
View view_of(const Simulation& sim, Index host) {
  for (const Watcher& watcher : sim.ha.watchers)
    if (watcher.host != host) return watcher.hosts[host].view;
  return View::Heard;
}

record::HostSample sample_of(const Simulation& sim, Index place) {
  const Host& host = sim.cluster.hosts[place];
  record::HostSample sample;
  sample.condition = number(condition_of(host));
  if (sim.ha.on) {
    sample.watch = number(view_of(sim, place));
    sample.isolated = sim.ha.hosts[place].isolated ? 1 : 0;
    sample.watches = is_watcher(sim, place) ? 1 : 0;
  }
  sample.wanted = number_of(host.wanted);
  sample.lacks = number_of(host.wanted - std::min<u64>(host.wanted, host.given));
  sample.served = host.served;
  sample.committed = number_of(host.committed);
  sample.power = host.power;
  return sample;
}

record::MachineSample sample_of(const VirtualMachine& vm) {
  return {vm.host, number(condition_of(vm)), vm.datastore, vm.wants, vm.wants - vm.gets};
}

record::StoreSample sample_of(const Datastore& store) {
  return {store.up ? 1u : 0u, store.failed_disks, number_of(store.used), store.offered,
          store.served,       store.busy,         store.response};
}

bool is_near(const record::MachineSample& one, const record::MachineSample& other, u32 slack) {
  const auto close = [&](u32 a, u32 b) {
    return (a == 0) == (b == 0) && std::max(a, b) - std::min(a, b) <= slack;
  };
  return one.host == other.host && one.condition == other.condition && one.store == other.store &&
         close(one.wants, other.wants) && close(one.lacks, other.lacks);
}

// At which everything is looked at.
bool concerns_all(EventKind kind) {
  switch (kind) {
    case EventKind::LoadStep:
    case EventKind::HaStage:
    case EventKind::HaAlone:
    case EventKind::HaElection:
    case EventKind::HaRetry:
    case EventKind::Balance:
    case EventKind::FaultHappens:
    case EventKind::HostBoots: return true;
    default: return false;
  }
}

// The places that an occurrence's `host` and `other` are.
record::ClusterEvent recorded(const Simulation& sim, const Occurrence& o) {
  record::ClusterEvent event{o.at, number(o.what), o.machine, o.host};
  event.value = o.value;
  switch (other_kind(o.what)) {
    case LogOther::Host: event.to = o.other; break;
    case LogOther::By: event.by = o.other; break;
    case LogOther::Datastore: event.store = o.other; break;
    case LogOther::Restart:
    case LogOther::Moves: event.count = o.other == kNone ? 0 : o.other; break;
    case LogOther::None: break;
  }
  if (o.what != What::Fault && o.what != What::Repair) return event;
  switch (static_cast<FaultKind>(o.value)) {
    case FaultKind::Host:
    case FaultKind::PoolDisks: break;
    case FaultKind::Card: event.host = sim.cluster.nics[o.host].host; break;
    case FaultKind::Datastore:
    case FaultKind::Disk:
      event.store = o.host;
      event.host = kNone;
      break;
    default: event.host = kNone; break;
  }
  return event;
}

}  // namespace

record::ClusterMove recorded_move(const Move& move, Index place) {
  record::ClusterMove to;
  to.number = place;
  to.machine = move.machine;
  to.from = move.from;
  to.to = move.to;
  to.store = move.datastore;
  to.stage = number(move.phase);
  to.refusal = number(move.why);
  to.reason = number(move.cause.reason);
  to.rule = number(move.cause.rule);
  to.imbalance_before = move.cause.imbalance_before;
  to.imbalance_after = move.cause.imbalance_after;
  to.load_from = move.cause.load_from;
  to.load_to = move.cause.load_to;
  to.benefit = move.cause.benefit;
  to.cost = move.cause.cost;
  to.asked = move.asked;
  to.began = move.began;
  to.rounds_began = move.copied_disk;
  to.stopped = move.stopped;
  to.ended = move.ended;
  to.sent = move.sent;
  to.downtime = move.downtime;
  for (const Round& round : move.rounds)
    to.rounds.push_back({round.lasted, round.sent, round.written, round.speed});
  return to;
}

Recording::Recording(const std::string& path, const Plan& plan, const Simulation& sim, Nanoseconds until)
    : writer_(path, recorded_facts(plan, sim, until)) {
  for (const VirtualMachine& vm : sim.cluster.machines)
    slack_.push_back(vm.processors * (sim.cluster.hosts.empty() ? 0 : sim.cluster.hosts[0].core_mhz) / 64);
  writer_.at(sim.now());
  look_at_all(sim);
  take_log(sim);
}

void Recording::look_at_host(const Simulation& sim, Index host) { writer_.host(host, sample_of(sim, host)); }

void Recording::look_at_machine(const Simulation& sim, Index machine) {
  const record::MachineSample now = sample_of(sim.cluster.machines[machine]);
  if (!is_near(now, writer_.state().machines[machine], slack_[machine])) writer_.machine(machine, now);
}

void Recording::look_at_manager(const Simulation& sim) {
  writer_.manager({manager_works(sim) ? 1u : 0u, static_cast<u32>(imbalance(sim) * 1000)});
}

void Recording::look_at_all(const Simulation& sim) {
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) look_at_host(sim, host);
  for (Index machine = 0; machine < sim.cluster.machines.size(); ++machine) look_at_machine(sim, machine);
  for (Index store = 0; store < sim.cluster.datastores.size(); ++store)
    writer_.store(store, sample_of(sim.cluster.datastores[store]));
  look_at_manager(sim);
}

// What was told since the last event, and all that it is of.
void Recording::take_log(const Simulation& sim) {
  for (; logged_ < sim.log.size(); ++logged_) {
    const record::ClusterEvent event = recorded(sim, sim.log[logged_]);
    writer_.event(event);
    for (const Index host : {event.host, event.to}) {
      if (host == kNone) continue;
      look_at_host(sim, host);
      for (const Index machine : sim.cluster.hosts[host].machines) look_at_machine(sim, machine);
    }
    if (event.machine != kNone) look_at_machine(sim, event.machine);
    if (event.store != kNone) writer_.store(event.store, sample_of(sim.cluster.datastores[event.store]));
  }
  take_moves(sim);
}

// Those that are over, once.
void Recording::take_moves(const Simulation& sim) {
  told_.resize(sim.moves.all.size());
  for (size_t i = first_open_; i < told_.size(); ++i) {
    if (told_[i] || !sim.moves.all[i].is_over()) continue;
    writer_.move(recorded_move(sim.moves.all[i], static_cast<Index>(i)));
    told_[i] = true;
  }
  while (first_open_ < told_.size() && told_[first_open_]) ++first_open_;
}

void Recording::after(const Simulation& sim, const Event& event) {
  const bool all = concerns_all(event.kind);
  if (!all && logged_ == sim.log.size()) return;
  writer_.at(sim.now());
  take_log(sim);
  if (all) look_at_all(sim);
}

void Recording::finish(const Simulation& sim) {
  writer_.at(sim.now());
  take_log(sim);
  look_at_all(sim);
  for (Index i = 0; i < sim.moves.all.size(); ++i)
    if (!told_[i]) writer_.move(recorded_move(sim.moves.all[i], i));
  writer_.finish(sim.now());
}

void run(Simulation& sim, Nanoseconds until, Recording& recording) {
  run(sim, until, [&](const Event& event) { recording.after(sim, event); });
}

}  // namespace hvlab::cluster
