// Hyper-converged storage: hosts' own disks made one datastore, in which every virtual disk has replicas on
// several hosts, and witnesses that vote.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/refusal.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Cluster;
struct Simulation;

enum class PartState : u8 {
  Active,
  Absent,      // its host is away; it may come back
  Rebuilding,  // is being copied from an active replica
  Gone,        // its disk is broken
};

/// A replica of a virtual disk, or a witness: a vote without data.
struct Part {
  Index host = kNone;
  bool witness = false;
  PartState state = PartState::Active;
  bool current = true;   // a replica: has everything that was written
  Index source = kNone;  // of Rebuilding: the host whose replica is copied
  u32 version = 0;       // of its absence or its rebuilding
  u32 written = 0;  // a replica: the last of the disk's writes that it has, for the law that none is behind
  Nanoseconds since = 0;
};

struct PooledDisk {
  Index machine = kNone;
  std::vector<Part> parts;
  u32 written = 0;  // counted anew whenever somebody came or went and there may have been writes since
  bool lost = false;
  bool went_back = false;  // a replica served that was behind: never
};

struct Pool {
  Index datastore = kNone;   // that it serves as, of kind Pooled; kNone: there is no pool
  std::vector<Index> hosts;  // whose disks it is made of
  u32 tolerates = 1;         // failures of hosts: so many replicas besides the first, as many witnesses
  Nanoseconds repair_after =
      kHours;  // an absent part is given up and built anew elsewhere (vSAN: 60 minutes)
  std::vector<PooledDisk> disks;
  std::vector<u32> weights;  // by host: what it has of all disks (pool.cpp)
  std::vector<bool> broken;  // by host: the disks that it gave are broken
  u64 rebuilt = 0;           // parts
};

/// Gives a machine's disk its parts, each on another host, where least is; NoHost if the hosts are too few
/// for 2 x tolerates + 1 parts.
Refusal add_pooled_disk(Cluster& cluster, Index machine);

/// More than half of its votes are there, and one of them has all data.
bool is_available(const PooledDisk& disk);

/// Whether the machine has a disk that `host` can use now: see reaches_datastore(); of a pool, if its disk is
/// available.
bool reaches_disk(const Cluster& cluster, Index host, Index machine);

/// Hosts came or went: parts become absent or come back, rebuilding begins or ends early.
void look_at_pool(Simulation& sim);

/// All of the pool's disks in `host` are broken: its parts are gone for good.
void pool_disks_fail(Simulation& sim, Index host);
/// They are replaced by empty ones.
void pool_disks_are_mended(Simulation& sim, Index host);

/// A part was absent for too long: it is built elsewhere. A part's number is its disk's times 16
/// plus its own.
void repair_part(Simulation& sim, u32 part, u32 version);
void part_is_rebuilt(Simulation& sim, u32 part);
/// The way to it broke.
void rebuilding_fails(Simulation& sim, u32 part);

/// What the pool's laws say is broken.
void check_pool(const Simulation& sim, std::vector<std::string>& broken);

}  // namespace hvlab::cluster
