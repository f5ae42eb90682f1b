// A cluster: hosts, virtual machines and what connects them, as plain lists. What changes them is elsewhere.
#pragma once

#include <array>
#include <vector>

#include "sim/cluster/datastore.hpp"
#include "sim/cluster/demand.hpp"
#include "sim/cluster/dirty.hpp"
#include "sim/cluster/host.hpp"
#include "sim/cluster/network.hpp"
#include "sim/cluster/overhead.hpp"
#include "sim/cluster/pool.hpp"
#include "sim/cluster/virtual_machine.hpp"

namespace hvlab::cluster {

struct Cluster {
  std::vector<Host> hosts;
  std::vector<VirtualMachine> machines;
  std::vector<Datastore> datastores;
  std::vector<Nic> nics;  // those of one host side by side
  std::vector<PhysicalSwitch> switches;
  std::array<PortGroup, static_cast<size_t>(Purpose::Count)> groups;
  std::vector<Overhead> overheads;
  std::vector<PowerCurve> curves;
  std::vector<Demand> demands;
  std::vector<std::vector<u16>> traces;
  std::vector<DirtyProcess> dirty;
  std::vector<std::vector<Index>> host_groups;  // ascending; 0 is not used
  std::vector<std::vector<Index>> together;     // by number of that rule: its machines that are on, ascending
  Pool pool;
  u64 seed = 1;
};

/// Adds a host with so many cards, all plugged into physical switches 0, 1, ... in turn. Its place.
Index add_host(Cluster& cluster, Host host, unsigned cards, u32 mbps);

/// Adds so many hosts alike.
void add_hosts(Cluster& cluster, unsigned count, const Host& host, unsigned cards, u32 mbps);

/// Memory that a machine takes on a host, in MiB.
u64 memory_on_host(const Cluster& cluster, const VirtualMachine& machine);

/// Puts a machine onto a host, or off it: its lists and memory alone.
void enter_host(Cluster& cluster, Index machine, Index host);
void leave_host(Cluster& cluster, Index machine);

}  // namespace hvlab::cluster
