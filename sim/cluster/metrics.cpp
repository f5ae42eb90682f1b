#include "sim/cluster/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/check.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/plan.hpp"
#include "sim/cluster/timelines.hpp"

namespace hvlab::cluster {

namespace {

constexpr double kKilowattHour = 3.6e18;  // picojoules
constexpr u64 kMiB = 1 << 20, kGiB = 1 << 30;

double number(Sum sum) { return static_cast<double>(sum); }

Sum of_hosts(const Simulation& sim, Sum Host::* member) {
  Sum sum = 0;
  for (const Host& host : sim.cluster.hosts) sum += host.*member;
  return sum;
}

Sum of_machines(const Simulation& sim, Sum VirtualMachine::* member) {
  Sum sum = 0;
  for (const VirtualMachine& vm : sim.cluster.machines) sum += vm.*member;
  return sum;
}

double ratio(Sum part, Sum all) { return all == 0 ? 0 : number(part) / number(all); }

double count(const Simulation& sim, What what) {
  return static_cast<double>(std::ranges::count(sim.log, what, &Occurrence::what));
}

// Of its processors, what the busiest host was wanted for at its worst: what is below 1 is headroom.
double highest_load(const Simulation& sim) {
  double most = 0;
  for (const Host& host : sim.cluster.hosts)
    if (host.capacity() != 0) most = std::max(most, static_cast<double>(host.most_wanted) / host.capacity());
  return most;
}

// Of all, what is longest and the sum.
struct Spans {
  Nanoseconds sum = 0, longest = 0;
  u64 count = 0;

  void add(Nanoseconds span) {
    sum += span;
    longest = std::max(longest, span);
    ++count;
  }
  double total() const { return static_cast<double>(sum); }
  double most() const { return static_cast<double>(longest); }
  double mean() const { return count == 0 ? 0 : total() / static_cast<double>(count); }
};

Spans down(const Simulation& sim, size_t first = 0, size_t size = ~size_t{0}) {
  Spans spans;
  for (size_t i = first; i < sim.cluster.machines.size() && i - first < size; ++i)
    spans.add(down_time(sim, static_cast<Index>(i)));
  return spans;
}

Spans move_times(const Simulation& sim) {
  Spans spans;
  for (const Move& move : sim.moves.all)
    if (move.phase == MovePhase::Done) spans.add(move.ended - move.began);
  return spans;
}

Spans move_stops(const Simulation& sim) {
  Spans spans;
  for (const Move& move : sim.moves.all)
    if (move.phase == MovePhase::Done) spans.add(move.downtime);
  return spans;
}

Spans spans_of(const std::vector<Nanoseconds>& times) {
  Spans spans;
  for (const Nanoseconds time : times) spans.add(time);
  return spans;
}

double moved_bytes(const Simulation& sim) {
  u64 sum = 0;
  for (const Move& move : sim.moves.all) sum += move.sent;
  return static_cast<double>(sum);
}

// Of all time of all machines, down or not.
double available(const Simulation& sim) {
  const double all = static_cast<double>(sim.now()) * static_cast<double>(sim.cluster.machines.size());
  return all == 0 ? 1 : 1 - down(sim).total() / all;
}

// Of time: a host that was on half of it is half a host.
double mean_hosts_on(const Simulation& sim) {
  double sum = 0;
  for (const Host& host : sim.cluster.hosts) sum += ratio(host.offered, Sum{host.capacity()} * sim.now());
  return sum;
}

struct Total {
  const char* name;
  Unit unit;
  double (*value)(const Simulation&);
  double (*of_hours)(const Hours&) = nullptr;  // in its place
};

constexpr Total kTotals[] = {
    {"time", Unit::Time, [](const Simulation& sim) { return static_cast<double>(sim.now()); }},
    {"hosts.on", Unit::Count,
     [](const Simulation& sim) {
       return static_cast<double>(std::ranges::count(sim.cluster.hosts, HostState::On, &Host::state));
     }},
    {"hosts.on.mean", Unit::Named, mean_hosts_on},
    {"hosts.used", Unit::Ratio,
     [](const Simulation& sim) {
       return ratio(of_hosts(sim, &Host::used) + of_hosts(sim, &Host::in_service),
                    of_hosts(sim, &Host::offered));
     }},
    {"hosts.used.peak", Unit::Ratio, nullptr, [](const Hours& hours) { return hours.hosts_used.most; }},
    {"hosts.load.highest", Unit::Ratio, highest_load},
    {"hosts.energy.kwh", Unit::Named,
     [](const Simulation& sim) { return number(of_hosts(sim, &Host::energy)) / kKilowattHour; }},
    {"hosts.power.watts", Unit::Named,
     [](const Simulation& sim) { return ratio(of_hosts(sim, &Host::energy), Sum{sim.now()} * 1000); }},
    {"machines.running", Unit::Count,
     [](const Simulation& sim) {
       return static_cast<double>(
           std::ranges::count(sim.cluster.machines, VmState::Running, &VirtualMachine::state));
     }},
    {"machines.served", Unit::Ratio,
     [](const Simulation& sim) {
       return ratio(of_machines(sim, &VirtualMachine::used), of_machines(sim, &VirtualMachine::wanted));
     }},
    {"machines.served.worst", Unit::Ratio, nullptr,
     [](const Hours& hours) { return hours.machines_served.worst(); }},
    {"machines.work.gigacycles", Unit::Named,
     [](const Simulation& sim) { return number(of_machines(sim, &VirtualMachine::used)) * 1e-12; }},
    {"machines.requests", Unit::Count,
     [](const Simulation& sim) { return number(of_machines(sim, &VirtualMachine::requests)) * 1e-9; }},
    {"machines.traffic", Unit::Size,
     [](const Simulation& sim) { return number(of_hosts(sim, &Host::traffic_given)) * 1e-9; }},
    {"machines.traffic.served", Unit::Ratio,
     [](const Simulation& sim) {
       return ratio(of_hosts(sim, &Host::traffic_given), of_hosts(sim, &Host::traffic_wanted));
     }},
    {"machines.downtime", Unit::Time, [](const Simulation& sim) { return down(sim).total(); }},
    {"machines.downtime.longest", Unit::Time, [](const Simulation& sim) { return down(sim).most(); }},
    {"machines.available", Unit::Ratio, available},
    {"moves.done", Unit::Count, [](const Simulation& sim) { return count(sim, What::Moved); }},
    {"moves.disks", Unit::Count, [](const Simulation& sim) { return count(sim, What::DiskMoved); }},
    {"moves.failed", Unit::Count, [](const Simulation& sim) { return count(sim, What::MoveFailed); }},
    {"moves.time", Unit::Time, [](const Simulation& sim) { return move_times(sim).total(); }},
    {"moves.time.longest", Unit::Time, [](const Simulation& sim) { return move_times(sim).most(); }},
    {"moves.downtime", Unit::Time, [](const Simulation& sim) { return move_stops(sim).total(); }},
    {"moves.downtime.longest", Unit::Time, [](const Simulation& sim) { return move_stops(sim).most(); }},
    {"moves.size", Unit::Size, moved_bytes},
    {"refused", Unit::Count, [](const Simulation& sim) { return count(sim, What::Refused); }},
    {"restarts", Unit::Count, [](const Simulation& sim) { return static_cast<double>(sim.ha.restarts); }},
    {"ha.detection", Unit::Time, [](const Simulation& sim) { return spans_of(detection_times(sim)).mean(); }},
    {"ha.detection.longest", Unit::Time,
     [](const Simulation& sim) { return spans_of(detection_times(sim)).most(); }},
    {"ha.restart", Unit::Time, [](const Simulation& sim) { return spans_of(restart_times(sim)).mean(); }},
    {"ha.restart.longest", Unit::Time,
     [](const Simulation& sim) { return spans_of(restart_times(sim)).most(); }},
    {"imbalance", Unit::Ratio, [](const Simulation& sim) { return imbalance(sim); }},
    {"data.lost", Unit::Count, [](const Simulation& sim) { return count(sim, What::DataLost); }},
};

// What the others are of: a member of a list, with what was seen of it.
struct Subject {
  const Simulation& sim;
  const Hours& hours;
  size_t place;          // in its list
  size_t first_machine;  // of a group of machines
  size_t machines;
  TaskSums tasks;  // likewise

  const Host& host() const { return sim.cluster.hosts[place]; }
  const Datastore& store() const { return sim.cluster.datastores[place]; }
  template <class Value>
  double sum(Value value) const {
    double all = 0;
    for (size_t i = 0; i < machines; ++i)
      all += static_cast<double>(value(sim.cluster.machines[first_machine + i]));
    return all;
  }
};

struct Row {
  const char* name;
  Unit unit;
  double (*value)(const Subject&);
};

constexpr double kMicro = 1e3;  // nanoseconds

constexpr Row kHosts[] = {
    {"used", Unit::Ratio, [](const Subject& s) { return s.hours.host_used[s.place].ratio(); }},
    {"used.peak", Unit::Ratio, [](const Subject& s) { return s.hours.host_used[s.place].most; }},
    {"energy.kwh", Unit::Named, [](const Subject& s) { return number(s.host().energy) / kKilowattHour; }},
    {"machines", Unit::Count, [](const Subject& s) { return static_cast<double>(s.host().machines.size()); }},
    {"memory", Unit::Size,
     [](const Subject& s) { return static_cast<double>(u64{s.host().committed} * kMiB); }},
};

constexpr Row kStores[] = {
    {"requests", Unit::Count,
     [](const Subject& s) { return number(s.hours.store_served[s.place].part) * 1e-12; }},
    {"served", Unit::Ratio,
     [](const Subject& s) {
       const Hourly& served = s.hours.store_served[s.place];
       return served.all == 0 ? 1 : served.ratio();
     }},
    {"busy", Unit::Ratio, [](const Subject& s) { return s.hours.store_busy[s.place].ratio(); }},
    {"busy.peak", Unit::Ratio, [](const Subject& s) { return s.hours.store_busy[s.place].most; }},
    {"response", Unit::Time,
     [](const Subject& s) { return kMicro * s.hours.store_response[s.place].ratio(); }},
    {"response.peak", Unit::Time,
     [](const Subject& s) { return kMicro * s.hours.store_response[s.place].most; }},
    {"used", Unit::Size, [](const Subject& s) { return static_cast<double>(u64{s.store().used} * kGiB); }},
};

constexpr Row kGroups[] = {
    {"running", Unit::Count,
     [](const Subject& s) {
       return s.sum([](const VirtualMachine& vm) { return vm.state == VmState::Running ? 1 : 0; });
     }},
    {"served", Unit::Ratio, [](const Subject& s) { return s.hours.group_served[s.place].ratio(); }},
    {"served.worst", Unit::Ratio, [](const Subject& s) { return s.hours.group_served[s.place].worst(); }},
    {"work.gigacycles", Unit::Named,
     [](const Subject& s) { return number(s.hours.group_served[s.place].part) * 1e-12; }},
    {"downtime", Unit::Time,
     [](const Subject& s) { return down(s.sim, s.first_machine, s.machines).total(); }},
    {"downtime.longest", Unit::Time,
     [](const Subject& s) { return down(s.sim, s.first_machine, s.machines).most(); }},
    {"restarts", Unit::Count,
     [](const Subject& s) { return s.sum([](const VirtualMachine& vm) { return vm.restarts; }); }},
    {"moves", Unit::Count,
     [](const Subject& s) { return s.sum([](const VirtualMachine& vm) { return vm.moves; }); }},
    {"tasks.done", Unit::Count, [](const Subject& s) { return static_cast<double>(s.tasks.done); }},
    {"tasks.last", Unit::Time, [](const Subject& s) { return static_cast<double>(s.tasks.last); }},
};

std::vector<TaskSums> tasks_of_groups(const Plan& plan, const Simulation& sim) {
  std::vector<TaskSums> sums(plan.machines.size());
  std::vector<Index> ends;  // the first machine after each group
  ends.reserve(sums.size());
  for (const MachinePlan& group : plan.machines)
    ends.push_back((ends.empty() ? 0 : ends.back()) + group.count);
  for (const Task& task : sim.tasks)
    sums[static_cast<size_t>(std::ranges::upper_bound(ends, task.machine) - ends.begin())].add(task);
  return sums;
}

template <size_t kCount>
void add_rows(const Row (&rows)[kCount], const char* kind, const std::string& name, const Subject& subject,
              std::vector<Metric>& all) {
  for (const Row& row : rows)
    all.push_back({fmt::format("{}.{}.{}", kind, name, row.name), row.unit, row.value(subject)});
}

template <size_t kCount>
void add_patterns(const Row (&rows)[kCount], const char* kind, std::vector<Metric>& all) {
  for (const Row& row : rows) all.push_back({fmt::format("{}.*.{}", kind, row.name), row.unit, 0});
}

}  // namespace

std::vector<Metric> metric_patterns() {
  std::vector<Metric> all;
  for (const Total& total : kTotals) all.push_back({total.name, total.unit, 0});
  add_patterns(kHosts, "host", all);
  add_patterns(kStores, "datastore", all);
  add_patterns(kGroups, "group", all);
  return all;
}

std::vector<Metric> metrics_of(const Plan& plan, const Simulation& sim, const Hours& hours) {
  std::vector<Metric> all;
  for (const Total& total : kTotals)
    all.push_back(
        {total.name, total.unit, total.of_hours != nullptr ? total.of_hours(hours) : total.value(sim)});
  const std::vector<std::string> hosts = host_names(plan), stores = datastore_names(plan);
  for (size_t i = 0; i < hosts.size(); ++i)
    add_rows(kHosts, "host", hosts[i], {sim, hours, i, 0, 0, {}}, all);
  for (size_t i = 0; i < stores.size(); ++i)
    add_rows(kStores, "datastore", stores[i], {sim, hours, i, 0, 0, {}}, all);
  const std::vector<TaskSums> tasks = tasks_of_groups(plan, sim);
  size_t first = 0;
  for (size_t i = 0; i < plan.machines.size(); ++i) {
    const u32 count_of_group = plan.machines[i].count;
    add_rows(kGroups, "group", plan.machines[i].name, {sim, hours, i, first, count_of_group, tasks[i]}, all);
    first += count_of_group;
  }
  return all;
}

double metric(const Simulation& sim, const std::string& name) {
  const auto found = std::ranges::find_if(kTotals, [&](const Total& total) { return name == total.name; });
  HVLAB_CHECK(found != std::end(kTotals) && found->value != nullptr);
  return found->value(sim);
}

}  // namespace hvlab::cluster
