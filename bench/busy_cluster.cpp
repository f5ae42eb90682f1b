// busy_cluster DIR [HOSTS] [HOURS] [no-drs]: a run directory with a cluster of many hosts (1000, a day), ten
// machines on each, for `hvlab view DIR --view cluster --bench`. Says what recording it took.
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

#include "cluster_runs.hpp"
#include "sim/base/user_error.hpp"

namespace {

using namespace hvlab;

// As in bench_cluster: of ten machines on each host, a host fails each hour and is back half an hour later.
cluster::Plan busy_plan(u32 hosts, u32 hours, bool balancing) {
  using namespace cluster;
  Plan plan = test::cluster_day(hosts, balancing);
  if (hosts < 500) return plan;
  plan.machines = {test::cluster_machines("web", 6 * hosts, 2, 4, 80, 950, 11 * kHours),
                   test::cluster_machines("db", hosts, 8, 16, 150, 700, 15 * kHours),
                   test::cluster_machines("batch", 3 * hosts, 4, 8, 50, 900, 22 * kHours)};
  for (MachinePlan& group : plan.machines) group.later_each = kMinutes;
  plan.faults.clear();
  for (u32 hour = 1; hour < hours; ++hour) {
    plan.faults.push_back({hour * kHours, FaultKind::Host, false, hour * 37 % hosts});
    plan.faults.push_back({hour * kHours + 30 * kMinutes, FaultKind::Host, true, hour * 37 % hosts});
  }
  return plan;
}

// Of processor time: others may use the machine, too.
double seconds_of(const auto& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

}  // namespace

int main(int argc, char** argv) {
  const u32 hosts = argc > 2 ? static_cast<u32>(std::strtoul(argv[2], nullptr, 10)) : 1000;
  const u32 hours = argc > 3 ? static_cast<u32>(std::strtoul(argv[3], nullptr, 10)) : 24;
  if (argc < 2 || argc > 5 || hosts < 2 || hours == 0) {
    std::cerr << "usage: busy_cluster DIR [HOSTS] [HOURS] [no-drs]\n";
    return 2;
  }
  try {
    const cluster::Plan plan = busy_plan(hosts, hours, argc < 5);
    const cluster::Nanoseconds until = hours * cluster::kHours;
    const double alone = seconds_of([&] {
      cluster::Simulation sim = cluster::simulation_of(plan);
      cluster::run(sim, until);
    });
    u64 bytes = 0;
    const double recorded = seconds_of([&] { bytes = test::write_cluster_run(argv[1], plan, until); });
    std::cout << "without recording " << alone << " s, with " << recorded << " s, " << bytes << " bytes\n";
  } catch (const UserError& error) {
    std::cerr << "busy_cluster: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
