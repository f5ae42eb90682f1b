// Would catch: a resolved file that is not valid, says something else than what it was made of, or lacks a
// key; a value without its origin.
#include <catch2/catch.hpp>

#include "sample.hpp"
#include "sim/scenario/print.hpp"

using namespace hvlab;
using namespace hvlab::scenario;

namespace {

constexpr const char* kMuch = R"(title: "odd: # \"title\""
seed: 0x10
clock: 2025-02-28
machine:
  processor: intel-skylake
  without: [svm, x2apic]
  costs: {vm_exit: 1000, vm_entry: 1}
  cores: 3
  memory: 1GiB
  timing: functional
  disks:
    - {size: 4MiB, interface: ide}
    - image: "a: b.img"
  nics: [{link: ethernet-100m}]
software:
  kernel: {file: kernel.elf, sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}
  initrds: [{file: one}, {file: two, arguments: "- x"}]
  loader: pvh
  append: 'console=ttyS0, "quoted"'
limits: {time: 2min, instructions: 1_000}
ending: reset
expect:
  - {console: "a\tb\\", at_most: 0}
  - metric: memory.each
    reference: {value: 2.5, within: 0.25, source: "A, B: C"}
)";

constexpr const char* kVms = R"(title: VMs
software: {way: kvm}
vms:
  - {vcpus: 2, memory: 256MiB, shares: 50, limit: 0.5, cores: "0"}
  - {}
events:
  - {at: 500ms, pause: 1}
  - {at: 1.5s, resume: 1}
)";

constexpr const char* kAllOfClusters = R"(title: Everything that a cluster can say
seed: 7
cluster:
  length: 2d
  load_step: 30s
  hosts:
    - {name: a, count: 2, cores: 8, frequency: 2.5GHz, memory: 32GiB, cards: 3, speed: 10Gbit/s, cost: {price: 100}, stays_on: true, ports: [{}, {switch: switch-3, vlans: "3", speed: 1Gbit/s}]}
    - {name: b, count: 3, watts: [50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150.5], watts_off: 5}
  datastores:
    - {name: pool, kind: pooled, members: [a, b-1], raid: none, medium: disk-7k, repair_after: 30min, cache: 0.25, latency: 1ms, bandwidth: 100MB/s}
    - {name: here, kind: local, host: a-1, disks: 4, raid: raid10, capacity: 2TiB}
  networks: {switches: 3, management: {vlan: 3, cards: 0-1, teaming: several, limit: 100Mbit/s}}
  vms:
    - name: x
      count: 5
      demand: {shape: bursts, noise: 0.05, high: 0.9, season: 0.2, season_day: 350, growth: 0.3}
      dirty: [{memory: 64MiB, writes: 100}, {memory: 1GiB, writes: 10}]
      io: {reads: 10, writes: 5, size: 8KiB, packets: 3, packet_size: 1400B}
      hosts: [a, b-2]
      priority: high
    - {name: z, count: 2, tasks: [{megacycles: 400000, count: 2, at: 1h}, {megacycles: 5}], starts: false}
    - {name: s, io: {in_flight: 4, cycles: 1000, port_limit: 20Mbit/s}, demand: {growth: -0.2}}
    - {name: y, demand: {shape: trace, file: load.csv}, host: b-1, way: container, mix: web-server, limit: 3GHz, shares: 5, disk: 80GiB}
  rules: [{together: [x-1, s]}, {apart: [x-1, z]}]
  packing: vector-fit
  migration: {policy: kvm, at_a_time: 2, service: 1GHz, downtime: 100ms, bandwidth: 2Gbit/s, give_up_after: 10min}
  ha: {timings: vsphere-4, heartbeats: false, isolation_response: power-off, admission: part, part: 0.5}
  drs: {period: 1min, threshold: 0.2, level: 5}
  power_saving: {target: 0.7, hosts: 2, after: 40min}
  manager: y
  manager_standbys: 1
  manager_takeover: 1min
  start_with_host: false
  overheads: {kvm.memory_mib: 3}
  cost: {years: 6, kilowatt_hour: 0.2, moves: false}
  events:
    - {at: 90min, fail: {host: [a-1, b], manager: true, partition: [a], pool_disks: b-1, disk: here, switch: switch-3}}
    - {at: 100min, repair: {card: a-2/2, datastore: pool}}
    - {at: 2h, move: {vm: [x-1, y], to: a-1, datastore: here}}
    - {at: 2h, move_disk: {vm: x, to: pool}}
    - {at: 3h, enter_maintenance: b}
    - {at: 4h, leave_maintenance: [b-1]}
    - {at: 5h, power_off: y}
    - {at: 5h, cancel_move: [x]}
    - {at: 6h, power_on: y}
    - {at: 7h, resize: {vm: x, reservation: 1GHz, limit: 0Hz, shares: 10}}
expect:
  - {log: refused, machine: x-2, reason: not enough memory, at: 5min, since: fault, within: 1s, equals: 0}
)";

std::string resolved(const std::string& text, size_t cell, bool origins = false) {
  std::string report;
  const auto scenario = test::read(text, report);
  INFO(report);
  REQUIRE(scenario);
  REQUIRE(cell < scenario->cells.size());
  return print_cell(*scenario, scenario->cells[cell], origins);
}

}  // namespace

TEST_CASE("a resolved file is valid and resolves to itself") {
  for (const char* text : {kMuch, kVms, test::kGood, test::kCluster, kAllOfClusters}) {
    const std::string once = resolved(text, 0);
    CAPTURE(once);
    CHECK(resolved(once, 0) == once);
    CHECK(resolved(resolved(text, 0, true), 0) == once);
  }
  CHECK(resolved(resolved(test::kGood, 3), 0) == resolved(test::kGood, 3));
}

TEST_CASE("a resolved file says what the file says") {
  const std::string text = resolved(kMuch, 0);
  for (const char* line : {"title: \"odd: # \\\"title\\\"\"\n", "seed: 16\n", "clock: 2025-02-28\n",
                           "  without: [svm, x2apic]\n", "  costs: {vm_exit: 1000, vm_entry: 1}\n",
                           "  - size: 4MiB\n", "    interface: ide\n", "    image: \"a: b.img\"\n",
                           "  time: 120s\n", "  instructions: 1000\n", "ending: reset\n"}) {
    CAPTURE(line, text);
    CHECK_THAT(text, Catch::Contains(line) || Catch::Contains(std::string(line).replace(2, 2, "- ")));
  }
}

TEST_CASE("a cluster's file says what nobody said, and nothing of a machine") {
  const std::string text = resolved(test::kCluster, 0);
  CAPTURE(text);
  for (const char* line : {"frequency: 3060MHz\n", "speed: 1Gbit/s\n", "latency: 500us\n", "cards: 0-1\n",
                           "size: 3672MHz\n", "shares: 2000\n", "width: 12h\n", "datastore: san\n",
                           "at: 1h\n", "host: [server-2]\n", "period: 1d\n"})
    CHECK_THAT(text, Catch::Contains(line));
  for (const char* word : {"machine:\n", "limits", "recording", "ending", "software", "clock"})
    CHECK(text.find(word) == std::string::npos);
}

TEST_CASE("partitions divide the processors, virtual machines share them") {
  const std::string two =
      ", vary: {software.model: [monolithic, partition]}, machine: {cores: 6}, vms: [{}, {}]}\n";
  CHECK(resolved("{title: T, software: {model: monolithic}" + two, 0).find("vcpus: 6") != std::string::npos);
  CHECK(resolved("{title: T, software: {model: monolithic}" + two, 1).find("vcpus: 3") != std::string::npos);
}

TEST_CASE("a text that looks like a number stays a text") {
  CHECK(resolved(kVms, 0).find("cores: \"0\"\n") != std::string::npos);
}

TEST_CASE("every line says where its value came from") {
  const std::string text = resolved(test::kGood, 2, true);
  using Catch::Contains;
  CHECK_THAT(text, Contains("# folder/file.yaml:1\n") && Contains("# default\n") && Contains("# way kvm\n"));
  CHECK_THAT(text, Contains("cores: 1 ") && Contains("# folder/file.yaml:7\n"));
}

TEST_CASE("one cell's file has what is expected of this cell alone") {
  const std::string bare = resolved(test::kGood, 0), kvm = resolved(test::kGood, 2);
  CHECK(bare.find("against") == std::string::npos);
  CHECK(bare.find("exits.hlt") == std::string::npos);
  CHECK(kvm.find("exits.hlt") != std::string::npos);
  CHECK(kvm.find("same:") == std::string::npos);
}

// Catches shadow paging that is AMD's alone, and a processor that is asked to do without what it never had.
TEST_CASE("a way without nested paging takes off what the processor calls it") {
  const auto machine = [](const std::string& processor) {
    return resolved("{title: T, machine: {processor: " + processor + "}, software: {way: kvm-shadow}}", 0);
  };
  using Catch::Contains;
  CHECK_THAT(machine("amd-zen2"), Contains("without: [npt]\n"));
  CHECK_THAT(machine("intel-skylake"), Contains("without: [ept]\n"));
  CHECK_THAT(machine("intel-penryn"), Contains("without: []\n"));
  CHECK_THAT(resolved("{title: T, software: {way: kvm-shadow}}", 0), Contains("without: [npt]\n"));
  CHECK_THAT(resolved("{title: T, software: {way: kvm}}", 0), Contains("without: []\n"));
}
