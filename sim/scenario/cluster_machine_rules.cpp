#include "sim/scenario/cluster_machine_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/scenario/cluster_rule_parts.hpp"
#include "sim/scenario/software_rules.hpp"

namespace hvlab::scenario {

namespace {

constexpr u64 kMHz = 1'000'000, kKiB = 1 << 10, kMiB = 1 << 20, kGiB = 1 << 30;

void check_demand(const Value& demand, Problems& problems) {
  const bool peak = says(demand, "shape", "peak"), bursts = says(demand, "shape", "bursts"),
             trace = says(demand, "shape", "trace");
  if (!peak && !bursts) refuse(demand, {"high", "width"}, "is for shape: peak or bursts", problems);
  if (!peak) refuse(demand, {"peak_at"}, "is for shape: peak", problems);
  if (!peak && !bursts && !trace) refuse(demand, {"period"}, "is for another shape than constant", problems);
  if (!trace) refuse(demand, {"file"}, "is for shape: trace", problems);
  if (trace && !demand.mentions("file"))
    problems.add(demand.place, "", "a trace is read from a file, and none is said", "file: PATH");
  const Value *low = demand.find("low"), *high = demand.find("high");
  if ((peak || bursts) && low != nullptr && high != nullptr && high->number < low->number)
    problems.add(high->place, high->text, fmt::format("'high' is below 'low', which is {}", low->text));
  const Value *width = demand.find("width"), *period = demand.find("period");
  if (width != nullptr && period != nullptr && width->count > period->count)
    problems.add(width->place, width->text, fmt::format("longer than the period, which is {}", period->text));
}

/// What it has to do, and what it asks its disk for.
void check_work(const Value& vm, const ClusterNames& names, Problems& problems) {
  const Value *demand = vm.find("demand"), *tasks = vm.find("tasks");
  if (demand != nullptr) check_demand(*demand, problems);
  if (tasks != nullptr && vm.mentions("demand"))
    problems.add(tasks->key_place, "tasks", "a machine with tasks wants what these do, and there is a demand",
                 "one of tasks and demand");
  const Value *in_flight = vm.at("io.in_flight"), *cycles = vm.at("io.cycles");
  if (is_set(vm, "io.cycles") && !is_set(vm, "io.in_flight"))
    problems.add(cycles->place, cycles->text, "'cycles' are of requests in flight, of which there are none",
                 "in_flight: 1 or more");
  if (!is_set(vm, "io.in_flight")) return;
  if (names.datastores.empty())
    problems.add(in_flight->place, in_flight->text, "requests to a disk, and there is no datastore",
                 "datastores: [{name: san}]");
  if (tasks != nullptr)
    problems.add(in_flight->place, in_flight->text,
                 "a machine with requests in flight does nothing else, and there are tasks",
                 "one of in_flight and tasks");
}

void check_vm(const Value& vm, const ClusterNames& names, Problems& problems) {
  check_whole(vm,
              {{"memory", kMiB, "MiB"},
               {"disk", kGiB, "GiB"},
               {"size", kMHz, "MHz"},
               {"reservation", kMHz, "MHz"},
               {"limit", kMHz, "MHz"},
               {"io.size", kKiB, "KiB"},
               {"io.port_limit", kMHz, "Mbit/s"}},
              problems);
  check_work(vm, names, problems);
  check_name_of(vm.find("datastore"), names.datastores, "datastore", true, problems);
  check_name_of(vm.find("host"), names.hosts, "host", true, problems);
  check_names_of(vm.find("hosts"), names.hosts, "host", problems);
  if (is_set(vm, "apart") && is_set(vm, "together"))
    problems.add(vm.find("together")->key_place, "together", "machines cannot be apart and together",
                 "one of the two");
  const Value *reservation = vm.find("reservation"), *limit = vm.find("limit");
  if (reservation != nullptr && limit != nullptr && reservation->count > limit->count)
    problems.add(reservation->place, reservation->text,
                 fmt::format("more is reserved than the limit allows, {}", limit->text));
}

/// In which rule of a kind each machine is: of its group, or by its number in the list.
class Ruled {
 public:
  Ruled(const char* kind, const Value& cluster, const ClusterNames& names) : kind_(kind) {
    for (const Value& group : items_at(cluster, "vms")) {
      const Value* name = group.find("name");
      if (name == nullptr || !is_set(group, kind)) continue;
      if (const auto found = names.machines.find(name->text); found != names.machines.end())
        for (const std::string& machine : found->second)
          rule_of_[machine] = "the rule of group " + name->text;
    }
  }

  void add(const Value& rule, size_t number, const ClusterNames& names, Problems& problems) {
    const Value* said = rule.find(kind_);
    if (said == nullptr) return;
    check_names_of(said, names.machines, "machine", problems);
    const std::vector<std::string> machines = expand(*said, names.machines);
    const bool all_known = std::ranges::all_of(
        said->items, [&](const Value& name) { return names.machines.contains(name.text); });
    if (machines.size() == 1 && all_known)
      problems.add(said->place, "", fmt::format("one machine alone cannot be {}", kind_),
                   "machines, or a group of several");
    for (const std::string& machine : machines) {
      const auto [known, is_new] = rule_of_.try_emplace(machine, fmt::format("rule {}", number));
      if (is_new) continue;
      problems.add(said->key_place, kind_,
                   fmt::format("'{}' is {} by {} already", machine, kind_, known->second),
                   "one list of all of them");
      return;
    }
  }

  const std::string* rule_of(const std::string& machine) const {
    const auto found = rule_of_.find(machine);
    return found == rule_of_.end() ? nullptr : &found->second;
  }

 private:
  const char* kind_;
  std::map<std::string, std::string> rule_of_;
};

/// Two that are to be together and apart are nowhere.
void check_both(const Value& rule, const Ruled& apart, const ClusterNames& names, Problems& problems) {
  const Value* said = rule.find("together");
  if (said == nullptr) return;
  std::map<std::string, std::string> first;  // by the rule that keeps it apart
  for (const std::string& machine : expand(*said, names.machines)) {
    const std::string* other = apart.rule_of(machine);
    if (other == nullptr) continue;
    const auto [known, is_new] = first.try_emplace(*other, machine);
    if (!is_new)
      return problems.add(said->key_place, "together",
                          fmt::format("'{}' and '{}' are apart by {}", known->second, machine, *other),
                          "one of the two");
  }
}

void check_rules(const Value& cluster, const ClusterNames& names, Problems& problems) {
  Ruled together("together", cluster, names), apart("apart", cluster, names);
  size_t number = 0;
  for (const Value& rule : items_at(cluster, "rules")) {
    ++number;
    if (rule.mentions("together") == rule.mentions("apart"))
      problems.add(rule.place, "", "a rule keeps machines together or apart", "one of together and apart");
    together.add(rule, number, names, problems);
    apart.add(rule, number, names, problems);
  }
  for (const Value& rule : items_at(cluster, "rules")) check_both(rule, apart, names, problems);
}

}  // namespace

void check_machines(const Value& cluster, const ClusterNames& names, Problems& problems) {
  for (const Value& vm : items_at(cluster, "vms")) check_vm(vm, names, problems);
  check_rules(cluster, names, problems);
}

}  // namespace hvlab::scenario
