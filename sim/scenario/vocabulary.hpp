// The names that scenarios may use and that other rooms know: filled in by whoever reads a scenario.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::scenario {

/// What a metric's number is, and so how its bounds are written.
enum class MetricUnit : u8 {
  Count,
  Ratio,
  Time,
  Size,
  Number,  // of another unit, which the metric's name says ("hosts.energy.kwh")
};

/// What has such metrics.
enum class MetricOf : u8 { Machine, Cluster, Both };

/// Something that a run measures. A '*' in the name stands for any word.
struct Metric {
  std::string name;
  MetricUnit unit = MetricUnit::Count;
  MetricOf of = MetricOf::Machine;
};

/// A way of running the workload, with what it means for the machine.
struct WayFacts {
  std::string name;
  std::string processor;   // its profile
  u64 memory = 0;          // bytes for one instance
  u64 more_memory = 0;     // bytes for each further one
  u64 instances = 1;       // of the workload, when nothing else is said
  bool machines = false;   // each instance is in a virtual machine
  bool model = false;      // a teaching system
  bool scheduler = false;  // its hypervisor has one, with policies
  // NOLINTNEXTLINE(readability-redundant-member-init): whoever makes one may leave it out
  std::string devices = {};  // what its guests have when nothing else is said
  bool partitions = false;   // processors are divided among its machines, not shared
  bool split = false;        // its guests' cards are split between them and a management machine
  bool offload = false;      // its kernel leaves work to cards if told to
  bool hosted = false;       // its VMM is a process of a host's kernel
  bool groups = false;       // its instances are groups of processes, each with limits of its own
  bool shadow = false;       // its processor has no nested paging, whatever the vendor calls that
  bool domains = false;      // its virtual machines are no processes of a Linux that could limit or stop them
  bool moves = false;        // its virtual machines can be moved while they run
};

struct Vocabulary {
  std::vector<std::string> processors, disks, links;  // profiles
  std::vector<std::string> features;                  // of processors
  std::map<std::string, std::string> nested_paging;   // what processors that have it call it: "npt"
  std::vector<std::string> costs;                     // figures of a processor profile
  std::vector<std::string> claims;
  std::vector<std::string> overheads, mixes, powers;  // profiles of clusters
  std::vector<std::string> overhead_figures;          // "kvm.memory_mib"
  std::vector<std::string> timings;                   // of high availability
  std::vector<std::string> migrations;                // policies
  std::vector<std::string> occurrences;               // in a cluster's log
  std::vector<WayFacts> ways, models;
  std::vector<Metric> metrics;

  /// The list that the format's table calls `name` ("processors"); empty if there is none.
  std::vector<std::string> list(const std::string& name) const;
  /// Null if there is no such way, model or metric.
  const WayFacts* way(const std::string& name) const;
  const WayFacts* model(const std::string& name) const;
  const Metric* metric(const std::string& name) const;
};

}  // namespace hvlab::scenario
