#include "sim/cluster/balancing.hpp"

#include <algorithm>
#include <cmath>

#include "sim/cluster/life.hpp"
#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

// So many of the most and of the least loaded hosts are compared with each other: with all hosts it would
// take a quadratic time, and the best moves are among these.
constexpr size_t kCompared = 8;

/// Loads as they will be after what is decided already.
struct Plan {
  std::vector<Index> hosts;   // that take machines
  std::vector<double> loads;  // by host
  std::vector<u32> entitled;  // MHz, by machine
  double sum = 0;
  double squares = 0;

  void set(Index host, double load) {
    sum += load - loads[host];
    squares += load * load - loads[host] * loads[host];
    loads[host] = load;
  }
  double variance_with(Index from, double from_load, Index to, double to_load) const {
    const auto n = static_cast<double>(hosts.size());
    const double s = sum - loads[from] - loads[to] + from_load + to_load;
    const double q = squares - loads[from] * loads[from] - loads[to] * loads[to] + from_load * from_load +
                     to_load * to_load;
    return q / n - s / n * (s / n);
  }
  double deviation() const {
    const auto n = static_cast<double>(hosts.size());
    return hosts.empty() ? 0 : std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)));
  }
};

double part_of(const Host& host, u64 mhz) {
  return host.capacity() == 0 ? 1 : static_cast<double>(mhz) / host.capacity();
}

Plan plan_of(const Simulation& sim) {
  Plan plan;
  plan.loads.resize(sim.cluster.hosts.size());
  plan.entitled = entitlements(sim);
  for (Index host = 0; host < sim.cluster.hosts.size(); ++host) {
    const Host& at = sim.cluster.hosts[host];
    if (!at.takes_machines()) continue;
    plan.hosts.push_back(host);
    u64 entitled = 0;
    for (const Index machine : at.machines) entitled += plan.entitled[machine];
    plan.set(host, part_of(at, entitled));
  }
  return plan;
}

void apply(const Simulation& sim, Plan& plan, Index machine, Index from, Index to) {
  const u32 wants = plan.entitled[machine];
  plan.set(from, plan.loads[from] - part_of(sim.cluster.hosts[from], wants));
  plan.set(to, plan.loads[to] + part_of(sim.cluster.hosts[to], wants));
}

void apply_moves_in_progress(const Simulation& sim, Plan& plan) {
  for (const VirtualMachine& vm : sim.cluster.machines) {
    if (vm.migration == kNone) continue;
    const Move& move = sim.moves.all[vm.migration];
    if (move.to != kNone && move.to != move.from) apply(sim, plan, move.machine, move.from, move.to);
  }
}

struct Choice {
  Index machine = kNone;
  Index from = kNone;
  Index to = kNone;
  double variance = 0;
};

u32 card_speed(const Simulation& sim, Index host) {
  const std::vector<Index> cards = working_cards(sim.cluster, host, Purpose::Migration);
  return cards.empty() ? 0 : sim.cluster.nics[cards.front()].mbps;
}

/// What a move would bring and take, in MHz x s.
struct Worth {
  double won = 0;
  double taken = 0;
};

Worth worth_of(const Simulation& sim, const Plan& plan, Index machine, Index from, Index to) {
  const VirtualMachine& vm = sim.cluster.machines[machine];
  return {benefit(plan.entitled[machine], plan.loads[from], plan.loads[to], sim.cluster.hosts[to].capacity(),
                  sim.balancer.period),
          cost(vm.memory, card_speed(sim, from), sim.moves.service)};
}

bool is_worth_it(const Simulation& sim, const Plan& plan, Index machine, Index from, Index to) {
  const Worth worth = worth_of(sim, plan, machine, from, to);
  return worth.won > worth.taken;
}

void consider(const Simulation& sim, const Plan& plan, Index from, Index to, Choice& best) {
  for (const Index machine : sim.cluster.hosts[from].machines) {
    const VirtualMachine& vm = sim.cluster.machines[machine];
    const u32 wants = plan.entitled[machine];
    if (vm.migration != kNone || wants == 0) continue;
    const double variance =
        plan.variance_with(from, plan.loads[from] - part_of(sim.cluster.hosts[from], wants), to,
                           plan.loads[to] + part_of(sim.cluster.hosts[to], wants));
    if (variance >= best.variance) continue;
    if (may_move(sim, machine, to) != Refusal::None || !is_worth_it(sim, plan, machine, from, to)) continue;
    best = {machine, from, to, variance};
  }
}

Choice best_choice(const Simulation& sim, Plan& plan) {
  const auto by_load = [&](Index host) { return std::pair(plan.loads[host], host); };
  const auto count = static_cast<std::ptrdiff_t>(std::min(kCompared, plan.hosts.size()));
  std::vector<Index> least = plan.hosts, most = plan.hosts;
  std::ranges::partial_sort(least, least.begin() + count, {}, by_load);
  std::ranges::partial_sort(most, most.begin() + count, std::ranges::greater{}, by_load);
  const double now = plan.deviation() * plan.deviation();
  Choice best{kNone, kNone, kNone, now - 1e-9};
  for (std::ptrdiff_t i = 0; i < count; ++i)
    for (std::ptrdiff_t j = 0; j < count; ++j)
      if (plan.loads[most[i]] > plan.loads[least[j]]) consider(sim, plan, most[i], least[j], best);
  return best;
}

// One of those that are to be apart leaves already, or of those that are to be together: the others may stay.
bool another_leaves(const Simulation& sim, const VirtualMachine& vm) {
  const auto moves = [&](Index other) { return sim.cluster.machines[other].migration != kNone; };
  if (vm.together != 0 && std::ranges::any_of(sim.cluster.together[vm.together], moves)) return true;
  return std::ranges::any_of(sim.cluster.hosts[vm.host].machines, [&](Index other) {
    return vm.apart != 0 && sim.cluster.machines[other].apart == vm.apart && moves(other);
  });
}

u32 thousandths(double part) { return static_cast<u32>(part * 1000); }

MoveCause cause_of(const Simulation& sim, const Plan& plan, const Choice& choice) {
  const Worth worth = worth_of(sim, plan, choice.machine, choice.from, choice.to);
  return {.reason = MoveReason::Balance,
          .imbalance_before = thousandths(plan.deviation()),
          .imbalance_after = thousandths(std::sqrt(std::max(0.0, choice.variance))),
          .load_from = thousandths(plan.loads[choice.from]),
          .load_to = thousandths(plan.loads[choice.to]),
          .benefit = static_cast<u64>(worth.won),
          .cost = static_cast<u64>(worth.taken)};
}

void make_rules_hold(Simulation& sim) {
  for (Index machine = 0; machine < sim.cluster.machines.size(); ++machine) {
    const VirtualMachine& vm = sim.cluster.machines[machine];
    if ((vm.apart | vm.together | vm.hosts) == 0) continue;
    if (vm.state != VmState::Running || vm.migration != kNone) continue;
    const PlaceRule broken = broken_rule(sim.cluster, machine, vm.host);
    if (broken != PlaceRule::None && !another_leaves(sim, vm))
      ask_move(sim, machine, kNone, kNone, {MoveReason::Rule, broken});
  }
}

void look(Simulation& sim) {
  make_rules_hold(sim);
  Plan plan = plan_of(sim);
  apply_moves_in_progress(sim, plan);
  const auto before = static_cast<u64>(plan.deviation() * 1000);
  u32 asked = 0;
  while (asked < sim.balancer.most_moves &&
         plan.deviation() > threshold_of(sim.balancer, plan.hosts.size())) {
    const Choice choice = best_choice(sim, plan);
    if (choice.machine == kNone) break;
    const MoveCause cause = cause_of(sim, plan, choice);
    if (ask_move(sim, choice.machine, choice.to, kNone, cause) != Refusal::None) break;
    apply(sim, plan, choice.machine, choice.from, choice.to);
    ++asked;
  }
  sim.balancer.asked += asked;
  tell(sim, What::Balanced, kNone, kNone, asked, before);
}

}  // namespace

std::vector<u32> entitlements(const Simulation& sim) {
  std::vector<Claimant> claimants(sim.cluster.machines.size());
  u64 capacity = 0;
  for (const Host& host : sim.cluster.hosts) {
    if (!host.takes_machines()) continue;
    capacity += host.capacity();
    for (const Index machine : host.machines) {
      const VirtualMachine& vm = sim.cluster.machines[machine];
      claimants[machine] = {vm.wants, vm.reservation, vm.shares};
    }
  }
  divide(claimants, capacity);
  std::vector<u32> entitled(claimants.size());
  std::ranges::transform(claimants, entitled.begin(), &Claimant::gets);
  return entitled;
}

double threshold_of(const Balancer& balancer, size_t hosts) {
  if (balancer.threshold >= 0) return balancer.threshold;
  if (balancer.level <= 1) return 1e300;
  const double steps = 5 - std::min(balancer.level, 5u);
  // The formula is of clusters of at most so many hosts; of thousands it would leave nothing alone.
  constexpr size_t kMostHosts = 64;
  return 0.1 * steps / std::sqrt(static_cast<double>(std::clamp<size_t>(hosts, 1, kMostHosts)));
}

double imbalance(const Simulation& sim) { return plan_of(sim).deviation(); }

double benefit(u32 wants, double from, double to, u32 capacity, Nanoseconds period) {
  const double to_after = to + static_cast<double>(wants) / capacity;
  return std::max(0.0, from - to_after) * wants * seconds(period);
}

double cost(u32 memory, u32 mbps, u32 service) {
  if (mbps == 0) return 1e300;
  const double copying = memory * 1048576.0 * 8 / (mbps * 1e6);
  return copying * 2 * service;
}

void balance(Simulation& sim) {
  sim.calendar.add(sim.balancer.period, EventKind::Balance);
  if (!sim.balancer.on) return;
  if (!manager_works(sim)) {
    tell(sim, What::NoManager, kNone);
    return;
  }
  ++sim.balancer.looks;
  look(sim);
  if (sim.power.on) save_power(sim);
}

}  // namespace hvlab::cluster
