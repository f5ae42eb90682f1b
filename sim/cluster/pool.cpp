#include "sim/cluster/pool.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/cluster/simulation.hpp"
#include "sim/cluster/standstill.hpp"

namespace hvlab::cluster {

namespace {

constexpr u32 kMostParts = 16;
constexpr u64 kGibibyte = u64{1} << 30;

u32 part_number(size_t disk, size_t part) { return static_cast<u32>(disk * kMostParts + part); }

bool is_broken(const Pool& pool, Index host) { return host < pool.broken.size() && pool.broken[host]; }

bool is_there(const Cluster& cluster, Index host) { return reaches_core(cluster, host, Purpose::Storage); }

bool takes_parts(const Cluster& cluster, Index host) {
  return is_there(cluster, host) && !is_broken(cluster.pool, host);
}

bool has_data(const Part& part) { return !part.witness && part.state == PartState::Active; }

// A witness takes next to nothing: it decides between hosts with as many replicas.
u32 weight_of(const Part& part) { return part.witness ? 1 : 1000; }

void put(Pool& pool, Part& part, Index host) {
  if (pool.weights.size() <= host) pool.weights.resize(host + size_t{1});
  if (part.host != kNone) pool.weights[part.host] -= weight_of(part);
  part.host = host;
  pool.weights[host] += weight_of(part);
}

// The host with the least of the pool that has none of this disk; kNone if there is none.
Index host_for_part(const Cluster& cluster, const PooledDisk& disk) {
  Index best = kNone;
  u32 least = ~u32{0};
  for (const Index host : cluster.pool.hosts) {
    if (!takes_parts(cluster, host) || std::ranges::count(disk.parts, host, &Part::host) != 0) continue;
    const u32 weight = host < cluster.pool.weights.size() ? cluster.pool.weights[host] : 0;
    if (weight < least) least = weight, best = host;
  }
  return best;
}

void note_loss(Simulation& sim, PooledDisk& disk) {
  const bool some = std::ranges::any_of(disk.parts, [](const Part& part) {
    return !part.witness && part.current && part.state != PartState::Gone;
  });
  if (some || disk.lost) return;
  disk.lost = true;
  tell(sim, What::DataLost, disk.machine, kNone, sim.cluster.pool.datastore);
}

void begin_rebuilding(Simulation& sim, size_t disk_place, size_t part_place) {
  PooledDisk& disk = sim.cluster.pool.disks[disk_place];
  Part& part = disk.parts[part_place];
  const auto source = std::ranges::find_if(disk.parts, has_data);
  if (source == disk.parts.end()) return;  // nothing to copy from now; tried again when hosts come back
  const std::vector<Lane> way = lanes(sim.cluster, source->host, part.host, Purpose::Storage);
  if (way.empty() && !part.witness) return;
  part.state = PartState::Rebuilding;
  part.current = false;
  part.source = source->host;
  ++part.version;
  if (part.witness) {
    part_is_rebuilt(sim, part_number(disk_place, part_place));
    return;
  }
  Flow flow;
  flow.purpose = Purpose::Storage;
  flow.lanes = way;
  flow.total = sim.cluster.machines[disk.machine].disk * kGibibyte;
  flow.rebuild = part_number(disk_place, part_place);
  start_flow(sim, flow);
}

void becomes_absent(Simulation& sim, size_t disk_place, size_t part_place) {
  Part& part = sim.cluster.pool.disks[disk_place].parts[part_place];
  part.state = PartState::Absent;
  part.since = sim.now();
  ++part.version;
  sim.calendar.add(sim.cluster.pool.repair_after, EventKind::RepairPart, part_number(disk_place, part_place),
                   part.version);
}

void comes_back(Simulation& sim, size_t disk_place, size_t part_place) {
  Part& part = sim.cluster.pool.disks[disk_place].parts[part_place];
  if (part.witness || part.current) {
    part.state = PartState::Active;
    ++part.version;
  } else {
    begin_rebuilding(sim, disk_place, part_place);
  }
}

void stop_rebuilding(Simulation& sim, u32 number) {
  const std::vector<Index> active = sim.flows.active;
  for (const Index place : active)
    if (sim.flows.all[place].rebuild == number) cancel_flow(sim, place);
}

void who_is_away(Simulation& sim, size_t disk, size_t place) {
  Part& part = sim.cluster.pool.disks[disk].parts[place];
  if (is_there(sim.cluster, part.host)) return;
  if (part.state == PartState::Rebuilding) stop_rebuilding(sim, part_number(disk, place));
  if (part.state == PartState::Active || part.state == PartState::Rebuilding)
    becomes_absent(sim, disk, place);
}

void who_is_back(Simulation& sim, size_t disk, size_t place) {
  Part& part = sim.cluster.pool.disks[disk].parts[place];
  const bool waited =
      part.state == PartState::Absent && sim.now() - part.since >= sim.cluster.pool.repair_after;
  if (part.state == PartState::Absent && is_there(sim.cluster, part.host)) {
    comes_back(sim, disk, place);
  } else if (part.state == PartState::Gone || waited) {
    repair_part(sim, part_number(disk, place), part.version);
  }
}

// From now on those replicas that are active get what is written, and those that are away are behind: also if
// the disk is away again when somebody looks next. One that is active and has not what was written before has
// come back behind, whatever its flags say.
void is_written(PooledDisk& disk) {
  if (!is_available(disk)) return;
  for (const Part& part : disk.parts) disk.went_back |= has_data(part) && part.written != disk.written;
  ++disk.written;
  for (Part& part : disk.parts) {
    if (has_data(part)) part.written = disk.written;
    if (!part.witness && part.state == PartState::Absent) part.current = false;
  }
}

void place_parts(Cluster& cluster, PooledDisk& disk, u32 count, bool witnesses) {
  for (u32 i = 0; i < count; ++i) {
    Part part;
    part.witness = witnesses;
    if (const Index host = host_for_part(cluster, disk); host != kNone) put(cluster.pool, part, host);
    disk.parts.push_back(part);
  }
}

}  // namespace

Refusal add_pooled_disk(Cluster& cluster, Index machine) {
  Pool& pool = cluster.pool;
  if (pool.hosts.size() < 2 * pool.tolerates + 1) return Refusal::NoHost;
  PooledDisk disk;
  disk.machine = machine;
  place_parts(cluster, disk, pool.tolerates + 1, false);
  place_parts(cluster, disk, pool.tolerates, true);
  if (std::ranges::count(disk.parts, kNone, &Part::host) != 0) return Refusal::NoHost;
  cluster.machines[machine].pooled = static_cast<Index>(pool.disks.size());
  cluster.machines[machine].datastore = pool.datastore;
  pool.disks.push_back(std::move(disk));
  return Refusal::None;
}

bool is_available(const PooledDisk& disk) {
  const auto votes = std::ranges::count(disk.parts, PartState::Active, &Part::state);
  return std::ranges::any_of(disk.parts, has_data) && 2 * static_cast<size_t>(votes) > disk.parts.size();
}

bool reaches_disk(const Cluster& cluster, Index host, Index machine) {
  const VirtualMachine& vm = cluster.machines[machine];
  if (!reaches_datastore(cluster, host, vm.datastore)) return false;
  return vm.pooled == kNone || is_available(cluster.pool.disks[vm.pooled]);
}

void look_at_pool(Simulation& sim) {
  Pool& pool = sim.cluster.pool;
  if (pool.datastore == kNone) return;
  const auto there =
      std::ranges::count_if(pool.hosts, [&](Index host) { return takes_parts(sim.cluster, host); });
  sim.cluster.datastores[pool.datastore].present =
      static_cast<u16>(there * 1000 / std::max<std::ptrdiff_t>(1, std::ssize(pool.hosts)));
  for (size_t disk = 0; disk < pool.disks.size(); ++disk) {
    const size_t parts = pool.disks[disk].parts.size();
    for (size_t part = 0; part < parts; ++part) who_is_away(sim, disk, part);
    // Twice: what is behind needs somebody who is back already.
    for (size_t part = 0; part < 2 * parts; ++part) who_is_back(sim, disk, part % parts);
    note_loss(sim, pool.disks[disk]);
    is_written(pool.disks[disk]);
  }
}

void pool_disks_fail(Simulation& sim, Index host) {
  Pool& pool = sim.cluster.pool;
  pool.broken.resize(sim.cluster.hosts.size());
  pool.broken[host] = true;
  for (size_t disk = 0; disk < pool.disks.size(); ++disk) {
    for (size_t place = 0; place < pool.disks[disk].parts.size(); ++place) {
      Part& part = pool.disks[disk].parts[place];
      if (part.state == PartState::Rebuilding && part.source == host)
        rebuilding_fails(sim, part_number(disk, place));
      if (part.host != host) continue;
      if (part.state == PartState::Rebuilding) stop_rebuilding(sim, part_number(disk, place));
      part.state = PartState::Gone;
      part.current = false;
      ++part.version;
    }
  }
}

void pool_disks_are_mended(Simulation& sim, Index host) {
  if (!is_broken(sim.cluster.pool, host)) return;
  sim.cluster.pool.broken[host] = false;
  for (PooledDisk& disk : sim.cluster.pool.disks) {
    for (Part& part : disk.parts) {
      if (part.host != host || part.state != PartState::Gone) continue;
      part.state = PartState::Absent;
      part.current = false;
      part.since = sim.now();
      ++part.version;
    }
  }
}

void rebuilding_fails(Simulation& sim, u32 number) {
  stop_rebuilding(sim, number);
  const size_t disk = number / kMostParts, part = number % kMostParts;
  if (sim.cluster.pool.disks[disk].parts[part].state == PartState::Rebuilding)
    becomes_absent(sim, disk, part);
}

void repair_part(Simulation& sim, u32 number, u32 version) {
  const size_t disk_place = number / kMostParts, part_place = number % kMostParts;
  PooledDisk& disk = sim.cluster.pool.disks[disk_place];
  Part& part = disk.parts[part_place];
  if (part.version != version || (part.state != PartState::Absent && part.state != PartState::Gone)) return;
  // What has the only data is waited for.
  if (disk.lost || !std::ranges::any_of(disk.parts, has_data)) return;
  const Index host = host_for_part(sim.cluster, disk);
  if (host == kNone) return;  // there are too few; tried again when hosts come back
  put(sim.cluster.pool, part, host);
  part.current = false;
  begin_rebuilding(sim, disk_place, part_place);
}

void part_is_rebuilt(Simulation& sim, u32 number) {
  PooledDisk& disk = sim.cluster.pool.disks[number / kMostParts];
  Part& part = disk.parts[number % kMostParts];
  if (part.state != PartState::Rebuilding) return;
  part.state = PartState::Active;
  part.current = true;
  part.written = disk.written;
  ++part.version;
  ++sim.cluster.pool.rebuilt;
  is_written(disk);  // it may be there again
  tell(sim, What::Rebuilt, disk.machine, part.host);
  look_at_disk(sim, disk.machine);
}

void check_pool(const Simulation& sim, std::vector<std::string>& broken) {
  for (const PooledDisk& disk : sim.cluster.pool.disks) {
    const auto serves = [&](Index host) {
      return std::ranges::any_of(disk.parts,
                                 [&](const Part& part) { return part.host == host && has_data(part); });
    };
    for (const Part& part : disk.parts)
      if (part.state == PartState::Rebuilding && !serves(part.source))
        broken.push_back(fmt::format("machine {}'s disk is copied from where it is not", disk.machine));
    for (const Part& part : disk.parts)
      if (std::ranges::count(disk.parts, part.host, &Part::host) != 1)
        broken.push_back(fmt::format("machine {}'s disk has two parts on host {}", disk.machine, part.host));
    const bool some = std::ranges::any_of(disk.parts, [](const Part& part) {
      return !part.witness && part.current && part.state != PartState::Gone;
    });
    if (disk.went_back) broken.push_back(fmt::format("machine {}'s disk went back in time", disk.machine));
    if (!some && !disk.lost)
      broken.push_back(fmt::format("machine {}'s disk is lost and nobody said so", disk.machine));
  }
}

}  // namespace hvlab::cluster
