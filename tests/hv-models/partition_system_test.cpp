// Partitions on the simulated machine: each computes what the machine alone does, and reaches nothing of its
// neighbour's.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "kernel_run.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace fs = std::filesystem;

namespace {

const std::string kWorkload = "/bin/workload --quick --disk /dev/disk0";

struct Disks {
  fs::path paths[2];
  Disks() {
    for (int i = 0; i < 2; ++i) {
      paths[i] = fs::temp_directory_path() /
                 ("hvlab-partition-" + std::to_string(getpid()) + "-" + std::to_string(i) + ".img");
      std::ofstream(paths[i]).close();
      fs::resize_file(paths[i], 8 << 20);
    }
  }
  ~Disks() {
    for (const fs::path& path : paths) fs::remove(path);
  }
  std::vector<std::string> options() const {
    return {"--disk", paths[0].string() + ",if=virtio", "--disk", paths[1].string() + ",if=virtio"};
  }
};

KernelRun run_partitions(unsigned cores, const std::string& line, const Disks& disks) {
  std::vector<std::string> options = disks.options();
  options.insert(options.end(), {"--module", HVLAB_PROGRAMS});
  return run_image(HVLAB_PARTITION, HVLAB_KERNEL, cores, "exit=debug " + line, options);
}

void check_same(const lab::WorkloadLog& log, const Disks& disks) {
  static const lab::WorkloadLog expected = [&] {
    const KernelRun run = run_kernel(1, kWorkload, disks.options());
    CAPTURE(run.console, run.errors);
    REQUIRE(run.well());
    return lab::parse_workload_log(run.console);
  }();
  CHECK(log.done);
  REQUIRE(log.phases.size() == expected.phases.size());
  for (size_t i = 0; i < log.phases.size(); ++i) {
    CHECK(log.phases[i].name == expected.phases[i].name);
    CHECK(log.phases[i].hash == expected.phases[i].hash);
  }
}

}  // namespace

// Would catch: an interrupt that goes to the firmware or to another partition; a device that reads or writes
// somebody else's memory; processors that a partition does not find, or cannot start.
TEST_CASE("a partition computes the same as the machine, alone and beside another one") {
  const Disks disks;
  struct Case {
    unsigned cores, first, second;  // cores of the machine and of its partitions
  };
  for (const Case& c : {Case{1, 1, 0}, {4, 4, 0}, {2, 1, 1}, {4, 3, 1}}) {
    std::string line = "vm1=disk:virtio,vcpus:" + std::to_string(c.first);
    if (c.second != 0) line += " vm2=disk:virtio,vcpus:" + std::to_string(c.second);
    const KernelRun run = run_partitions(c.cores, line + " -- run=" + kWorkload, disks);
    CAPTURE(c.cores, c.first, c.second, run.console, run.errors);
    REQUIRE(run.well());
    const auto logs = lab::parse_workload_logs(run.console);
    REQUIRE(logs.size() == (c.second != 0 ? 2 : 1));
    CHECK(logs[0].processors == c.first);
    for (const lab::WorkloadLog& log : logs) check_same(log, disks);
  }
}

// Would catch: memory, ports, configuration space, pins or processors of a neighbour or of the firmware that
// an attack reaches (hv-models/kernel/attack_hypervisor.cpp). Commands between processors are part of it.
TEST_CASE("a partition that attacks everything harms nobody else") {
  const Disks disks;
  const KernelRun run = run_partitions(
      3, "vm1=vcpus:2,disk:virtio vm2=vcpus:1 -- run=" + kWorkload + " -- attack=everything", disks);
  CAPTURE(run.console, run.errors);
  REQUIRE(run.well());
  CHECK(run.console.find("attack: everything over") != std::string::npos);
  CHECK(run.console.find("vm 2 end") < run.console.find("vm 1 end"));
  check_same(lab::parse_workload_logs(run.console).at(0), disks);
}

// Would catch: a mistake in the words that goes unnoticed.
TEST_CASE("what the machine does not have no partition gets") {
  const Disks disks;
  const auto says = [&](const char* line, const char* what) {
    return run_partitions(2, std::string(line) + " -- run=/bin/init", disks).console.find(what) !=
           std::string::npos;
  };
  CHECK(says("vm1=vcpus:2 vm2=vcpus:1", "cores are missing"));
  CHECK(says("vm1=net:e1000", "no further network card"));
  CHECK(says("vm1=paging:shadow", "nested paging"));
}
