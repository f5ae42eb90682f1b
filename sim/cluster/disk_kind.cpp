#include "sim/cluster/disk_kind.hpp"

#include <array>

#include "sim/cluster/cluster.hpp"

namespace hvlab::cluster {

namespace {

constexpr u64 kAll = 1000;

constexpr std::array<DiskFacts, static_cast<size_t>(DiskKind::Count)> kFacts = {{
    {.name = "thick"},
    {.name = "thin"},
    {.name = "raw-virtual", .file = false, .becomes_a_file = true},
    {.name = "raw-physical", .file = false, .snapshots = false, .copied_while_running = false},
}};

}  // namespace

const DiskFacts& facts(DiskKind kind) { return kFacts[static_cast<size_t>(kind)]; }

u64 request_cycles(const Cluster& cluster, const VirtualMachine& machine) {
  // A way's figure is that of files.
  const u64 way = cluster.overheads[machine.overhead].disk_request;
  const u64 own =
      facts(machine.disk_kind).file ? way : (way * kAll + machine.file_cost - 1) / machine.file_cost;
  return own + (machine.datastore == kNone ? 0 : cluster.datastores[machine.datastore].cycles);
}

u32 disk_space(const VirtualMachine& machine) {
  if (machine.disk_kind != DiskKind::Thin) return machine.disk;
  return static_cast<u32>((u64{machine.disk} * machine.disk_written + kAll - 1) / kAll);
}

u32 disk_requests(const VirtualMachine& machine) { return machine.snapshots == 0 ? 1 : 2; }

}  // namespace hvlab::cluster
