#include "sim/cluster/first_start.hpp"

#include <algorithm>

#include "sim/cluster/admission.hpp"
#include "sim/cluster/plan.hpp"

namespace hvlab::cluster {

namespace {

// Where a machine is said to start; kNone: nowhere in particular.
struct Wish {
  Index host = kNone;
  bool starts = true;
};

std::vector<Wish> wishes(const Plan& plan) {
  std::vector<Wish> all;
  const Places hosts(host_names(plan), "host");
  for (const MachinePlan& group : plan.machines)
    all.insert(all.end(), group.count, {group.host.empty() ? kNone : hosts.at(group.host), group.starts});
  return all;
}

class FirstStart {
 public:
  FirstStart(const Plan& plan, Simulation& sim)
      : plan_(plan), sim_(sim), admissions_(sim), wishes_(wishes(plan)) {}

  void start() {
    for (Index machine = 0; machine < wishes_.size(); ++machine)
      if (wishes_[machine].starts && wishes_[machine].host != kNone)
        start_where_wished(machine, wishes_[machine].host);
    start_others();
  }

 private:
  void start_where_wished(Index machine, Index host) {
    const Refusal refusal = may_be_on(sim_.cluster, machine, host);
    if (refusal != Refusal::None) return tell_refused(sim_, machine, host, refusal);
    if (is_admitted(machine, host)) begin(machine, host);
  }

  bool is_admitted(Index machine, Index host) {
    const Lack lack = admissions_.lack(machine);
    if (lack.of != Lack::Of::Nothing) tell_no_spare(sim_, machine, host, lack);
    return lack.of == Lack::Of::Nothing;
  }

  void begin(Index machine, Index host) {
    start_on(sim_, machine, host);
    admissions_.started(machine);
  }

  void start_others() {
    std::vector<Room> rooms = rooms_of(sim_.cluster), needs;
    std::vector<Index> homeless;
    const std::vector<Room> all = needs_of(sim_.cluster);
    for (Index machine = 0; machine < wishes_.size(); ++machine) {
      if (!wishes_[machine].starts) continue;
      if (wishes_[machine].host == kNone) {
        homeless.push_back(machine);
        needs.push_back(all[machine]);
      } else if (const Index host = sim_.cluster.machines[machine].host; host != kNone) {
        rooms[host].mhz -= std::min(rooms[host].mhz, all[machine].mhz);
        rooms[host].memory -= std::min(rooms[host].memory, all[machine].memory);
      }
    }
    // Each is started as it is placed, so that rules see those before it.
    const auto allowed = [&](Index i, Index host) {
      if (may_be_on(sim_.cluster, homeless[i], host) != Refusal::None) return false;
      begin(homeless[i], host);
      return true;
    };
    const Turns turns = {
        .wanted = [&](Index i) { return is_admitted(homeless[i], kNone); },
        .unplaced = [&](Index i, const auto& room) { tell_of_no_place(homeless[i], needs[i], room); }};
    pack(rooms, needs, plan_.packing, false, allowed, turns);
  }

  void tell_of_no_place(Index machine, Room need, const std::function<Room(Index)>& room) {
    std::vector<RefusalPart> parts;
    if (explains_more(sim_)) {
      parts = why_nowhere(sim_, [&](Index host) {
        const Refusal refusal = may_be_on(sim_.cluster, machine, host);
        if (refusal != Refusal::None) return particulars(sim_, machine, host, refusal);
        RefusalPart part = particulars(sim_, machine, host, Refusal::NoPlannedTime);
        part.lack = {Lack::Of::ProcessorTime, need.mhz - std::min(need.mhz, room(host).mhz)};
        return part;
      });
    }
    const size_t occurrence = sim_.log.size();
    tell(sim_, What::Refused, machine, kNone, kNone, static_cast<u64>(Refusal::NoHost));
    explain(sim_, occurrence, std::move(parts));
  }

  const Plan& plan_;
  Simulation& sim_;
  Admissions admissions_;
  std::vector<Wish> wishes_;
};

}  // namespace

void start_machines(const Plan& plan, Simulation& sim) { FirstStart(plan, sim).start(); }

}  // namespace hvlab::cluster
