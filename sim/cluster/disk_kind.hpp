// What a virtual disk is to its host: a file of a cluster file system, or a device of the array, mapped raw.
#pragma once

#include <string_view>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Cluster;
struct VirtualMachine;

enum class DiskKind : u8 {
  Thick,        // a file that has all of its space from the beginning
  Thin,         // a file that has the space that was written
  RawVirtual,   // a mapping whose requests the hypervisor still understands
  RawPhysical,  // a mapping whose requests go to the device as they are
  Count
};

struct DiskFacts {
  std::string_view name;
  bool file = true;
  // VMware, "Virtual disk compatibility modes" (vSphere 4) and knowledge base 1005241: in virtual
  // compatibility there are snapshots, and a disk that is copied becomes a file; in physical compatibility
  // neither.
  bool snapshots = true;
  bool copied_while_running = true;
  bool becomes_a_file = false;
};

/// The row of a kind.
const DiskFacts& facts(DiskKind kind);

/// Cycles of the host for one request of the machine's, its way's, its disk's kind and its datastore's
/// together.
u64 request_cycles(const Cluster& cluster, const VirtualMachine& machine);

/// GiB that the disk takes of its datastore, and that are copied.
u32 disk_space(const VirtualMachine& machine);

/// Requests that a request costs the disks of a datastore: more while there is a snapshot, whose file has to
/// be asked where things are (assumed: one more; with a snapshot of vSphere 5.5 an eighth of the requests has
/// been measured, VMware's study of 2021 finds between as many and a third by kind and size).
u32 disk_requests(const VirtualMachine& machine);

}  // namespace hvlab::cluster
