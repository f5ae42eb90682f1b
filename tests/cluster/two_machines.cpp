// two_machines MHZ WAY MIX MACHINE...: what the cluster tier gives machines on one host with one processor.
//   MACHINE: SHARES:LIMIT:OWN:LATENCY. LIMIT in MHz, 0: none. OWN: processor time of each of its requests to
//   its disk in cycles, which takes LATENCY microseconds; 0: it computes.
// Prints a line for each: MHz that it gets, those of its own work, requests a second.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "sim/base/user_error.hpp"
#include "sim/cluster/plan.hpp"

namespace {

using namespace hvlab::cluster;
using hvlab::u16;
using hvlab::u32;

void add_machine(Plan& plan, const char* text) {
  unsigned shares = 0, limit = 0, own = 0, latency = 0;
  if (std::sscanf(text, "%u:%u:%u:%u", &shares, &limit, &own, &latency) != 4)
    throw hvlab::UserError("SHARES:LIMIT:OWN:LATENCY, not " + std::string(text));
  MachinePlan& group = plan.machines.emplace_back();
  group.name = fmt::format("vm-{}", plan.machines.size());
  group.what.memory = 128;
  group.what.shares = shares;
  group.what.limit = limit;
  group.demand.low = 1000;
  if (own == 0) return;
  group.what.in_flight = 1;
  group.what.request_cycles = own;
  group.datastore = fmt::format("disk-{}", plan.machines.size());
  DatastorePlan& store = plan.datastores.emplace_back();
  store.name = group.datastore;
  store.host = "host";
  // One request at a time waits for no other.
  store.what.cache_hits = 1000;
  store.what.latency = latency;
  store.what.bandwidth = 4000;
}

void print(const VirtualMachine& vm) {
  const double part = vm.wants == 0 ? 0 : static_cast<double>(vm.gets) / vm.wants;
  fmt::print("{} {:.1f} {}\n", vm.gets, vm.guest_wants * part, vm.io_gets);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return EXIT_FAILURE;
  try {
    Plan plan;
    HostPlan& host = plan.hosts.emplace_back();
    host.name = "host";
    host.cores = 1;
    host.core_mhz = static_cast<u32>(std::atoi(argv[1]));
    for (int i = 4; i < argc; ++i) {
      add_machine(plan, argv[i]);
      plan.machines.back().way = argv[2];
      plan.machines.back().mix = argv[3];
      plan.machines.back().host = "host";
    }
    Simulation sim = simulation_of(plan);
    run(sim, kHours);
    for (const VirtualMachine& vm : sim.cluster.machines) print(vm);
  } catch (const hvlab::UserError& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
