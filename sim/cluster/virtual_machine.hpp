// A virtual machine: what it is, what it wants, where it is.
#pragma once

#include "sim/cluster/disk_kind.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

enum class VmState : u8 {
  Off,
  Starting,  // its host works for it, its users do not see it
  Running,
  Stopped,  // for the last part of a migration
};

/// Restart priority, the highest first.
enum class Priority : u8 { Highest, High, Medium, Low, Lowest, Never };

struct VirtualMachine {
  // What it is.
  u16 processors = 1;
  u16 overhead = 0;  // of the cluster's overhead profiles: the way that it is virtualized
  u32 memory = 0;    // MiB
  u32 disk = 0;      // GiB
  DiskKind disk_kind = DiskKind::Thick;
  u8 snapshots = 0;         // of its disk
  u16 disk_written = 1000;  // thousandths of a thin one that were written
  // Thousandths of a raw mapping's processor time that a request to a file takes: 1050 if it is random, 1080
  // if sequential (VMware, "Performance Characterization of VMFS and RDM Using a SAN", ESX Server 3.5, 2008).
  u16 file_cost = 1050;
  u32 size = 0;  // MHz that it is planned with
  u32 shares = 1000;
  u32 reservation = 0;  // MHz
  u32 limit = 0;        // MHz; 0: none
  Priority priority = Priority::Medium;
  u16 apart = 0;            // not on one host with another of the same number; 0: no such rule
  u16 together = 0;         // on one host with all others of the same number
  u16 hosts = 0;            // of the cluster's groups of hosts: only on these; 0: anywhere
  Index demand = kNone;     // of the cluster's demands; kNone: what its tasks want
  Index dirty = kNone;      // of the cluster's dirty processes; kNone: it writes nothing
  Index datastore = kNone;  // where its disk is
  u32 reads = 0;            // requests a second to its disk when it is fully loaded
  u32 writes = 0;
  u32 request_kib = 4;
  u32 request_cycles = 0;  // of a machine with requests in flight: its own processor time for each
  u16 in_flight = 0;  // so many requests at a time, the next when one comes back; 0: as many as its load says
  u32 packets = 0;    // a second, likewise; half of them sent
  u32 packet_bytes = 800;  // on average (assumed)
  u32 port_mbps = 0;       // of its port at the virtual switch, in each direction, at most; 0: no limit
  // How it is.
  VmState state = VmState::Off;
  bool should_run = false;  // its owner wants it to
  u16 speed = 1000;         // thousandths; less while a migration slows it down
  Index host = kNone;       // kNone: on none
  Index migration = kNone;  // in progress
  Index heading = kNone;    // host where it will be then; kNone: it stays
  Index first_task = kNone;
  Index pooled = kNone;  // of the pool's disks
  bool frozen = false;   // its host does not reach its disk: it stands still
  u32 tasks = 0;
  u32 version = 0;  // of its start-up
  u32 wants = 0;    // MHz of its host, overhead included
  u32 gets = 0;
  u32 guest_wants = 0;     // MHz without overhead
  u32 io_wants = 0;        // requests a second
  u32 packets_wanted = 0;  // a second
  u32 io_gets = 0;
  // What became of it.
  Nanoseconds down_since = kForever;  // should run and does not; kForever: it does
  Nanoseconds down = 0;               // so far, up to down_since
  u32 restarts = 0;
  u32 moves = 0;
  Sum wanted = 0;  // MHz x ns, until its host's `settled`
  Sum used = 0;
  Sum requests = 0;  // requests x ns / s that its datastore served

  bool is_on() const { return state != VmState::Off; }
};

// 40 000 of them are to be looked at in turn: what is not needed for that stands elsewhere.
static_assert(sizeof(VirtualMachine) <= 256);

}  // namespace hvlab::cluster
