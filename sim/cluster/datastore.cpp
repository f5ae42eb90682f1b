#include "sim/cluster/datastore.hpp"

#include <algorithm>

namespace hvlab::cluster {

namespace {

constexpr u64 kAll = 1000;
constexpr u64 kLongestQueue = 20;

// Thousandths of a disk; without any there are none of their cache either.
u64 working_disks(const Datastore& store) {
  const u64 disks =
      lost(store) || !store.up || store.failed_disks > store.disks ? 0 : store.disks - store.failed_disks;
  return disks * store.present;
}

// Requests that disks see of 1000 reads and writes in that proportion.
u64 on_disks(const Datastore& store, u64 reads, u64 writes) {
  return reads * (kAll - store.cache_hits) / kAll + writes * store.write_cost;
}

}  // namespace

namespace {

// Of so many reads and writes; the time that one request takes of the flash is counted in femtoseconds.
u64 most_by_flash(const Datastore& store, u64 reads, u64 writes) {
  constexpr Sum kSecond = 1'000'000'000'000'000;
  Sum taken = 0;
  if (store.flash_reads != 0) taken += kSecond * reads * store.cache_hits / kAll / store.flash_reads;
  if (store.flash_writes != 0) taken += kSecond * writes * store.copies / store.flash_writes;
  return taken == 0 ? kNone : saturated(kSecond * (reads + writes) * store.present / kAll / taken);
}

}  // namespace

u32 most_requests(const Datastore& store, u32 reads, u32 writes, u32 kib) {
  const u64 all = u64{reads} + writes;
  if (all == 0) return 0;
  const u64 by_way =
      u64{store.bandwidth - std::min(store.copied, store.bandwidth)} * 1'000'000 / (std::max(kib, 1u) * 1024);
  const u64 disk_requests = on_disks(store, reads, writes);
  const Sum power = Sum{working_disks(store)} * store.disk_iops / kAll;
  const u64 by_disks = power == 0 ? 0 : disk_requests == 0 ? by_way : saturated(power * all / disk_requests);
  return static_cast<u32>(std::min({by_way, by_disks, most_by_flash(store, reads, writes), u64{kNone} - 1}));
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
