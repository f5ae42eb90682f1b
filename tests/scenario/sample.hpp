// What the tests of the scenario reader share: names to know, and a file that is right.
#pragma once

#include <string>

#include "sim/scenario/scenario.hpp"

namespace hvlab::scenario::test {

inline Vocabulary words() {
  constexpr u64 kMiB = u64{1} << 20;
  Vocabulary words;
  words.processors = {"amd-zen2", "intel-penryn", "intel-skylake"};
  words.disks = {"dvd-rom", "hdd-7200", "ssd-sata"};
  words.links = {"ethernet-100m", "ethernet-1g"};
  words.features = {"ept", "npt", "svm", "x2apic"};
  words.costs = {"tlb_small.ways", "vm_entry", "vm_exit"};
  words.ways = {{"bare", "amd-zen2", 256 * kMiB, 0, 1, false},
                {"apps", "amd-zen2", 256 * kMiB, 16 * kMiB, 2, false},
                {"kvm", "amd-zen2", 768 * kMiB, 192 * kMiB, 1, true},
                {"kvm-shadow", "amd-zen2", 768 * kMiB, 192 * kMiB, 1, true}};
  words.ways.back().shadow = true;
  words.ways[2].moves = true;
  words.ways.push_back({"xen-pv", "amd-zen2", 960 * kMiB, 160 * kMiB, 1, true});
  words.ways.back().domains = true;
  words.nested_paging = {{"amd-zen2", "npt"}, {"intel-skylake", "ept"}};
  words.models = {
      {"bare", "amd-zen2", 128 * kMiB, 0, 1, false, true, false, "", false, false, true},
      {"driver-domain", "amd-zen2", 208 * kMiB, 80 * kMiB, 1, true, true, true, "pv", false, true, true},
      {"container", "amd-zen2", 128 * kMiB, 16 * kMiB, 1, false, true, false, "", false, false, false, false,
       true},
      {"hosted", "amd-zen2", 256 * kMiB, 80 * kMiB, 1, true, true, false, "emulated", false, false, false,
       true},
      {"monolithic", "amd-zen2", 256 * kMiB, 80 * kMiB, 1, true, true, true, "emulated"},
      {"partition", "amd-zen2", 144 * kMiB, 80 * kMiB, 1, true, true, false, "emulated", true}};
  words.claims = {"H1"};
  words.overheads = {"container", "kvm", "none"};
  words.overhead_figures = {"kvm.memory_mib", "kvm.processor_permille"};
  words.mixes = {"mixed", "web-server"};
  words.powers = {"ibm-x3550-m3"};
  words.timings = {"vsphere-4", "vsphere-5.1"};
  words.migrations = {"kvm", "vmotion"};
  words.occurrences = {"fault", "ha-dead", "moved", "refused"};
  words.metrics = {{"time", MetricUnit::Time, MetricOf::Both},
                   {"hosts.used", MetricUnit::Ratio, MetricOf::Cluster},
                   {"hosts.energy.kwh", MetricUnit::Number, MetricOf::Cluster},
                   {"host.*.used", MetricUnit::Ratio, MetricOf::Cluster},
                   {"group.*.downtime", MetricUnit::Time, MetricOf::Cluster},
                   {"instructions", MetricUnit::Count},
                   {"share.idle", MetricUnit::Ratio},
                   {"memory.each", MetricUnit::Size},
                   {"exits.*", MetricUnit::Count}};
  return words;
}

inline constexpr const char* kGood = R"(title: {en: Two ways, ja: 二つの方法}
machine:
  cores: 2
software: {way: bare}
vary:
  software.way: [bare, kvm]
  machine.cores: [1, 2]
expect:
  - same: results
  - metric: time
    in: {software.way: kvm}
    against: {software.way: bare}
    at_most: 1.5
  - metric: time
    at_most: 2s
  - metric: exits.hlt
    in: {software.way: kvm}
    at_least: 1
)";

inline constexpr const char* kCluster = R"(title: Many hosts
cluster:
  hosts:
    - {name: server, count: 3}
    - {name: spare, memory: 32GiB}
  datastores:
    - {name: san}
    - {name: nas, kind: nfs}
  vms:
    - {name: web, count: 4, demand: {shape: peak}}
    - {name: db, datastore: nas, reservation: 2GHz}
  ha: {}
  events:
    - {at: 1h, fail: {host: server-2, card: server-1/1}}
    - {at: 2h, move: {vm: web, to: spare}}
vary:
  cluster.ha.on: [true, false]
  cluster.vms.0.count: [4, 8]
  cluster.overheads.kvm.memory_mib: [45, 90]
expect:
  - {metric: hosts.used, at_most: 0.5}
  - {metric: group.web.downtime, at_most: 1min, in: {cluster.ha.on: true}}
  - {log: ha-dead, host: server-2, at: 18s, since: fault, in: {cluster.ha.on: true}}
)";

/// The scenario in `text`, or nothing and the report in `report`.
inline std::optional<Scenario> read(const std::string& text, std::string& report,
                                    const std::vector<Override>& overrides = {}) {
  Problems problems;
  auto scenario = read_scenario("folder/file.yaml", text, overrides, words(), problems);
  report = problems.report();
  return scenario;
}

}  // namespace hvlab::scenario::test
