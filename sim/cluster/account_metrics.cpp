#include "sim/cluster/account_metrics.hpp"

#include <algorithm>
#include <string_view>

#include "sim/cluster/simulation.hpp"

namespace hvlab::cluster {

namespace {

double number(Sum sum) { return static_cast<double>(sum); }
double number(u64 count) { return static_cast<double>(count); }
double ratio(Sum part, Sum all) { return all == 0 ? 0 : number(part) / number(all); }
constexpr double kKilowattHour = 3.6e18;  // picojoules
constexpr double kMicrosecond = kMicroseconds;
constexpr double kKilo = 1000;

// Of the time, the busiest datastore less the idlest.
double apart(const Totals& part) {
  if (part.busy.empty() || part.time == 0) return 0;
  const auto [least, most] = std::ranges::minmax(part.busy);
  return ratio(most - least, part.time) / kKilo;
}

// Of a span of time. Those that are not of windows alone have no other metric of their name for the whole
// run.
struct SpanRow {
  const char* name;
  Unit unit;
  bool of_windows_alone;
  double (*value)(const Totals&);
};

constexpr SpanRow kSpanRows[] = {
    {"hosts.on.mean", Unit::Named, true, [](const Totals& part) { return ratio(part.hosts_on, part.time); }},
    {"hosts.used", Unit::Ratio, true, [](const Totals& part) { return ratio(part.used, part.offered); }},
    {"hosts.overloaded", Unit::Ratio, false,
     [](const Totals& part) { return ratio(part.overloaded, part.hosts_on); }},
    {"hosts.energy.kwh", Unit::Named, true,
     [](const Totals& part) { return number(part.energy) / kKilowattHour; }},
    {"machines.served", Unit::Ratio, true, [](const Totals& part) { return ratio(part.got, part.wanted); }},
    {"machines.wanted.ghz", Unit::Named, false,
     [](const Totals& part) { return ratio(part.own_wanted, part.time) / kKilo; }},
    {"machines.work.own.gigacycles", Unit::Named, false,
     [](const Totals& part) { return number(part.own_got) * 1e-12; }},
    {"machines.downtime", Unit::Time, true, [](const Totals& part) { return number(part.down); }},
    {"machines.requests", Unit::Count, true, [](const Totals& part) { return number(part.requests) * 1e-9; }},
    {"machines.request.cycles", Unit::Named, false,
     [](const Totals& part) { return ratio(part.request_cycles, part.requests); }},
    {"disks.response", Unit::Time, false,
     [](const Totals& part) { return ratio(part.waited, part.requests) * kMicrosecond; }},
    {"disks.served", Unit::Ratio, false,
     [](const Totals& part) { return ratio(part.requests, part.requests_wanted); }},
    {"disks.apart", Unit::Ratio, false, apart},
    {"imbalance.mean", Unit::Ratio, false,
     [](const Totals& part) { return ratio(part.imbalance, part.time) / kKilo; }},
    {"manager.away", Unit::Ratio, false,
     [](const Totals& part) { return ratio(part.manager_away, part.time); }},
    {"restarts", Unit::Count, true, [](const Totals& part) { return number(part.restarts); }},
    {"moves.done", Unit::Count, true, [](const Totals& part) { return number(part.moves); }},
    {"orders.manager.asked", Unit::Count, false,
     [](const Totals& part) { return number(part.manager_asked); }},
    {"orders.manager.done", Unit::Count, false, [](const Totals& part) { return number(part.manager_done); }},
    {"orders.host.asked", Unit::Count, false, [](const Totals& part) { return number(part.host_asked); }},
    {"orders.host.done", Unit::Count, false, [](const Totals& part) { return number(part.host_done); }},
};

double asked(const Simulation& sim, OrderKind kind) {
  return number(sim.account.sums.asked[static_cast<size_t>(kind)]);
}
double done(const Simulation& sim, OrderKind kind) {
  return number(sim.account.sums.done[static_cast<size_t>(kind)]);
}

double count(const Simulation& sim, What what) {
  return static_cast<double>(std::ranges::count(sim.log, what, &Occurrence::what));
}

double machines_of_way(const Simulation& sim, std::string_view way) {
  return static_cast<double>(std::ranges::count_if(sim.cluster.machines, [&](const VirtualMachine& vm) {
    return sim.cluster.overheads[vm.overhead].name == way;
  }));
}

// The most that is wanted at a moment, of what each wants at its own most.
double peaks_together(const Simulation& sim) {
  u64 sum = 0;
  for (const u32 each : sim.account.most_wanted_each) sum += each;
  return ratio(sim.account.most_wanted, sum);
}

double serviced(const Simulation& sim) {
  return static_cast<double>(
      std::ranges::count_if(sim.services, [](const Service& service) { return service.off; }));
}

TaskSums tasks(const Simulation& sim) {
  TaskSums sums;
  for (const Task& task : sim.tasks) sums.add(task);
  return sums;
}

struct RunRow {
  const char* name;
  Unit unit;
  double (*value)(const Simulation&);
};

constexpr RunRow kRunRows[] = {
    {"machines.died", Unit::Count, [](const Simulation& sim) { return count(sim, What::Died); }},
    {"machines.wanted.most.ghz", Unit::Named,
     [](const Simulation& sim) { return number(sim.account.most_wanted) / kKilo; }},
    {"machines.peaks.together", Unit::Ratio, peaks_together},
    {"machines.stopped-for-service", Unit::Count,
     [](const Simulation& sim) { return number(u64{sim.account.stopped_for_service}); }},
    {"hosts.serviced", Unit::Count, serviced},
    {"disks.converted", Unit::Count,
     [](const Simulation& sim) { return number(u64{sim.account.converted}); }},
    {"orders.moves.asked", Unit::Count, [](const Simulation& sim) { return asked(sim, OrderKind::Move); }},
    {"orders.disk-moves.asked", Unit::Count,
     [](const Simulation& sim) { return asked(sim, OrderKind::MoveDisk); }},
    {"orders.snapshots.asked", Unit::Count,
     [](const Simulation& sim) { return asked(sim, OrderKind::Snapshot); }},
    {"orders.snapshots.done", Unit::Count,
     [](const Simulation& sim) { return done(sim, OrderKind::Snapshot); }},
    {"tasks.given", Unit::Count, [](const Simulation& sim) { return number(tasks(sim).given); }},
    {"tasks.done", Unit::Count, [](const Simulation& sim) { return number(tasks(sim).done); }},
    {"tasks.time", Unit::Time, [](const Simulation& sim) { return ratio(tasks(sim).time, tasks(sim).done); }},
    {"tasks.time.longest", Unit::Time, [](const Simulation& sim) { return number(tasks(sim).longest); }},
    {"tasks.last", Unit::Time, [](const Simulation& sim) { return number(tasks(sim).last); }},
    // What the cluster is, for rules that compare runs.
    {"hosts.count", Unit::Count, [](const Simulation& sim) { return number(u64{sim.cluster.hosts.size()}); }},
    {"machines.count", Unit::Count,
     [](const Simulation& sim) { return number(u64{sim.cluster.machines.size()}); }},
    {"machines.bare", Unit::Count, [](const Simulation& sim) { return machines_of_way(sim, "bare"); }},
    {"disks.local", Unit::Count, [](const Simulation& sim) { return number(u64{sim.account.disks.local}); }},
    {"disks.shared", Unit::Count,
     [](const Simulation& sim) { return number(u64{sim.account.disks.shared}); }},
    {"disks.pooled", Unit::Count,
     [](const Simulation& sim) { return number(u64{sim.account.disks.pooled}); }},
    {"disks.files", Unit::Count, [](const Simulation& sim) { return number(u64{sim.account.disks.files}); }},
    {"disks.raw.virtual", Unit::Count,
     [](const Simulation& sim) { return number(u64{sim.account.disks.raw_virtual}); }},
    {"disks.raw.physical", Unit::Count,
     [](const Simulation& sim) { return number(u64{sim.account.disks.raw_physical}); }},
    {"ha.on", Unit::Count, [](const Simulation& sim) { return sim.ha.on ? 1.0 : 0.0; }},
    {"drs.on", Unit::Count, [](const Simulation& sim) { return sim.balancer.on ? 1.0 : 0.0; }},
    {"power-saving.on", Unit::Count, [](const Simulation& sim) { return sim.power.on ? 1.0 : 0.0; }},
    {"manager.is-machine", Unit::Count,
     [](const Simulation& sim) { return sim.manager.machine == kNone ? 0.0 : 1.0; }},
};

void add_window(const Simulation& sim, const Window& window, std::vector<Metric>& all) {
  if (sim.now() < window.from) return;
  const Totals part = between(window.begin, sim.now() < window.to ? totals(sim) : window.end);
  for (const SpanRow& row : kSpanRows)
    all.push_back({"window." + window.name + "." + row.name, row.unit, row.value(part)});
}

}  // namespace

std::vector<Metric> account_metrics(const Simulation& sim) {
  std::vector<Metric> all;
  const Totals whole = totals(sim);
  for (const RunRow& row : kRunRows) all.push_back({row.name, row.unit, row.value(sim)});
  for (const SpanRow& row : kSpanRows)
    if (!row.of_windows_alone) all.push_back({row.name, row.unit, row.value(whole)});
  for (const Window& window : sim.windows) add_window(sim, window, all);
  return all;
}

std::vector<Metric> account_patterns() {
  std::vector<Metric> all;
  for (const RunRow& row : kRunRows) all.push_back({row.name, row.unit, 0});
  for (const SpanRow& row : kSpanRows)
    if (!row.of_windows_alone) all.push_back({row.name, row.unit, 0});
  for (const SpanRow& row : kSpanRows) all.push_back({std::string("window.*.") + row.name, row.unit, 0});
  return all;
}

}  // namespace hvlab::cluster
