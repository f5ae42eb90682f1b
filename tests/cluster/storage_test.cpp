// Catches storage that serves more than its disks and way allow, or hosts that reach what they cannot.
#include "small_cluster.hpp"

#include <catch2/catch.hpp>

namespace hvlab::cluster {

TEST_CASE("random requests are bounded by spindles, large ones by the way") {
  Datastore store;
  store.disks = 8;
  store.disk_iops = 150;
  store.bandwidth = 400;
  CHECK(most_requests(store, 100, 0, 4) == 1200);
  store.disks = 16;
  CHECK(most_requests(store, 100, 0, 4) == 2400);
  CHECK(most_requests(store, 100, 0, 1024) == 381);  // 400 MB/s
  store.write_cost = 4;
  CHECK(most_requests(store, 50, 50, 4) == 960);  // half cost one, half cost four
  store.cache_hits = 500;
  CHECK(most_requests(store, 100, 0, 4) == 4800);
}

TEST_CASE("beyond what it can serve, all wait and get their part") {
  Datastore store;
  store.disks = 10;
  store.disk_iops = 100;
  store.latency = 500;
  load_datastore(store, 500, 0, 4);
  CHECK(store.served == 1000);
  CHECK(store.busy == 500);
  CHECK(store.response == 500 + 20'000);  // 10 ms of service, twice with half the time busy
  load_datastore(store, 4000, 0, 4);
  CHECK(store.served == 250);
  CHECK(store.busy == 1000);
  load_datastore(store, 0, 0, 4);
  CHECK(store.busy == 0);
}

TEST_CASE("a lost or unreachable datastore serves nothing") {
  Datastore store;
  store.disks = 4;
  store.redundant = 1;
  store.failed_disks = 1;
  CHECK(!lost(store));
  CHECK(most_requests(store, 1, 0, 4) == 300);
  store.failed_disks = 2;
  CHECK(lost(store));
  load_datastore(store, 100, 0, 4);
  CHECK(store.served == 0);
}

TEST_CASE("a local disk is its host's, Fibre Channel needs no network, iSCSI and NFS do") {
  Simulation sim = test::small(2);
  Cluster& cluster = sim.cluster;
  Datastore local;
  local.host = 1;
  cluster.datastores.push_back(local);
  Datastore iscsi;
  iscsi.kind = StorageKind::Iscsi;
  cluster.datastores.push_back(iscsi);
  CHECK(!reaches_datastore(cluster, 0, 1));
  CHECK(reaches_datastore(cluster, 1, 1));
  CHECK(reaches_datastore(cluster, 0, 2));
  cluster.nics[0].up = false;
  CHECK(!reaches_datastore(cluster, 0, 2));
  CHECK(reaches_datastore(cluster, 0, 0));
  cluster.datastores[0].up = false;
  CHECK(!reaches_datastore(cluster, 0, 0));
}

}  // namespace hvlab::cluster
