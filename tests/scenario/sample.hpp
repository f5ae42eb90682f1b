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
  words.metrics = {{"time", MetricUnit::Time},
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

/// The scenario in `text`, or nothing and the report in `report`.
inline std::optional<Scenario> read(const std::string& text, std::string& report,
                                    const std::vector<Override>& overrides = {}) {
  Problems problems;
  auto scenario = read_scenario("folder/file.yaml", text, overrides, words(), problems);
  report = problems.report();
  return scenario;
}

}  // namespace hvlab::scenario::test
