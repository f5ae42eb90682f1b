// A host: its processors, memory and power, and what was done with them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

/// What a host draws, in milliwatts, at 0, 10, ... 100 % of its processors' time (the steps of
/// SPECpower_ssj2008), and when it is off.
struct PowerCurve {
  std::array<u32, 11> load{};
  u32 off = 0;
};

/// Milliwatts with `used` of `capacity` MHz, straight between the steps.
u32 power_at(const PowerCurve& curve, u64 used, u64 capacity);

enum class HostState : u8 {
  On,
  Off,
  Failed,
  Booting,  // it draws what it does without load, and can nothing yet
};

struct Host {
  // What it is.
  u16 cores = 1;
  u16 curve = 0;  // of the cluster's power curves
  u32 core_mhz = 1000;
  u32 memory = 0;  // MiB
  u32 first_nic = 0;
  u32 nics = 0;
  bool stays_on = false;  // never switched off to save power
  // How it is.
  HostState state = HostState::On;
  bool maintenance = false;     // takes no virtual machine, gives those that it has away
  u16 island = 0;               // hosts hear each other on the same island alone; a partition makes several
  u64 committed = 0;            // MiB of the machines that it has and of those that move here
  u64 reserved = 0;             // MHz that its machines have reserved
  u32 service = 0;              // MHz for migrations in progress
  u32 moving = 0;               // migrations in progress from and to here
  std::vector<Index> machines;  // virtual machines here, ascending
  std::vector<Index> coming;    // those that move here
  // Since `settled`.
  Nanoseconds settled = 0;
  u64 wanted = 0;           // MHz by its machines
  u32 given = 0;            // MHz to them
  u32 served = 0;           // MHz for migrations
  u32 power = 0;            // mW
  u64 traffic = 0;          // bytes/s that its machines want to send and receive
  u16 storage_part = 1000;  // thousandths of its machines' requests to disks that the storage network carries
  // Until then.
  Sum offered = 0;         // MHz x ns of its processors while it was on
  Sum used = 0;            // given to machines
  Sum in_service = 0;      // taken by migrations
  Sum energy = 0;          // mW x ns
  u64 most_wanted = 0;     // MHz by its machines and for migrations, the most so far
  Sum traffic_wanted = 0;  // bytes/s x ns by its machines over the network, both directions
  Sum traffic_given = 0;

  /// MHz of all its cores; check() of plan.hpp keeps it below 2^32.
  u32 capacity() const { return cores * core_mhz; }
  /// Thousandths of that, for `mhz`; one that has nothing is fully loaded.
  u64 load_of(u64 mhz) const { return capacity() == 0 ? 1000 : mhz * 1000 / capacity(); }
  bool takes_machines() const { return state == HostState::On && !maintenance; }
};

}  // namespace hvlab::cluster
