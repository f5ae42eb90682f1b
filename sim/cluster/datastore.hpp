// Where virtual disks are: a host's own disks, or an array that several hosts reach.
#pragma once

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

enum class StorageKind : u8 { Local, FibreChannel, Iscsi, Nfs, Pooled };

struct Datastore {
  // What it is.
  StorageKind kind = StorageKind::Local;
  Index host = kNone;  // of Local
  u16 disks = 1;
  u16 redundant = 0;    // so many may fail
  u32 disk_iops = 100;  // random requests a second of one disk
  u16 write_cost = 1;   // requests to disks of one write: 2 mirrored, 4 with one parity, 6 with two
  u16 cache_hits = 0;   // thousandths of reads that no disk sees
  u32 flash_reads = 0;  // requests a second of the flash in front of the disks, which serves the cache's hits
  u32 flash_writes = 0;  // and takes all writes first; 0: it bounds nothing
  u16 copies = 1;        // of each write in that flash: of a pool its replicas
  u32 latency = 0;       // microseconds of a request besides waiting for disks: fabric, controller, cache
  u32 cycles = 0;        // of the host, for each request: software that makes, checks or copies them
  u32 bandwidth = 100;   // MB/s of the way to it, one for all hosts
  u32 capacity = 0;      // GiB
  // How it is.
  bool up = true;
  u16 failed_disks = 0;
  u16 present = 1000;  // of Pooled: thousandths of its hosts whose disks are there
  u32 copied = 0;      // MB/s of its bandwidth that copies take
  u64 used = 0;        // GiB
  u32 offered = 0;     // requests a second
  u32 served = 1000;   // thousandths of them
  u32 busy = 0;        // thousandths
  u32 response = 0;    // microseconds of a request
};

/// Data is lost, not only out of reach. Of a pool it is each disk's own affair (pool.hpp).
constexpr bool lost(const Datastore& store) {
  return store.kind != StorageKind::Pooled && store.failed_disks > store.redundant;
}

constexpr bool is_shared(const Datastore& store) { return store.kind != StorageKind::Local; }

/// Requests of `kib` KiB a second, so many of them reads, that it can serve at most: the least of what disks,
/// flash and way allow.
u32 most_requests(const Datastore& store, u32 reads, u32 writes, u32 kib);

/// Sets `offered`, `served`, `busy` and `response` for so many requests a second. The response is latency
/// plus a disk's service time 1 / disk_iops, stretched by waiting as in a queue with random arrivals
/// (1 / (1 - busy)), up to twenty times.
void load_datastore(Datastore& store, u32 reads, u32 writes, u32 kib);

}  // namespace hvlab::cluster
