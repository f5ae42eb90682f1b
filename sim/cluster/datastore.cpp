#include "sim/cluster/datastore.hpp"

#include <algorithm>

namespace hvlab::cluster {

namespace {

constexpr u64 kAll = 1000;
constexpr u64 kLongestQueue = 20;

u32 working_disks(const Datastore& store) {
  return lost(store) || !store.up ? 0 : store.disks - store.failed_disks;
}

// Requests that disks see of 1000 reads and writes in that proportion.
u64 on_disks(const Datastore& store, u64 reads, u64 writes) {
  return reads * (kAll - store.cache_hits) / kAll + writes * store.write_cost;
}

}  // namespace

u32 most_requests(const Datastore& store, u32 reads, u32 writes, u32 kib) {
  const u64 all = u64{reads} + writes;
  if (all == 0) return 0;
  const u64 by_way = u64{store.bandwidth} * 1'000'000 / (std::max(kib, 1u) * 1024);
  const u64 disk_requests = on_disks(store, reads, writes);
  const u64 power = u64{working_disks(store)} * store.disk_iops;
  const u64 by_disks = power == 0 ? 0 : disk_requests == 0 ? by_way : power * all / disk_requests;
  return static_cast<u32>(std::min({by_way, by_disks, u64{kNone} - 1}));
}

void load_datastore(Datastore& store, u32 reads, u32 writes, u32 kib) {
  const u64 all = u64{reads} + writes;
  const u64 most = most_requests(store, reads, writes, kib);
  store.offered = static_cast<u32>(all);
  store.served = all == 0 || all <= most ? kAll : static_cast<u32>(most * kAll / all);
  store.busy = all == 0 ? 0 : most == 0 ? kAll : static_cast<u32>(std::min(all * kAll / most, kAll));
  const u64 service = store.disk_iops == 0 ? 0 : 1'000'000 / store.disk_iops;
  const u64 disk_part = all == 0 ? kAll : std::min(on_disks(store, reads, writes) * kAll / all, kAll);
  const u64 stretch = kAll * kAll / std::max<u64>(kAll - store.busy, kAll / kLongestQueue);
  store.response = static_cast<u32>(store.latency + service * disk_part / kAll * stretch / kAll);
}

}  // namespace hvlab::cluster
